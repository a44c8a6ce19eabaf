"""The tables in a folder of results, checked before anything is said of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from patchify.benchmark.results import KEYS
from patchify.gradcheck.evidence import ARRAYS, CHECKS, CODES, PARAMETERS
from patchify.report import ReportError
from patchify.study.comparisons import Method
from patchify.study.results import SCORES, Tables

SCORED = SCORES[:-1]
"""Without the processor time, which older results lack."""
RATIOS = [f"{clock}_{what}" for clock in ("cpu", "wall") for what in ("us", "ratio", "ratio_low", "ratio_high")]


def study_tables(folder: Path) -> Tables | None:
    """A study's results.csv and history.csv; None where there is no results.csv.

    Those of before cycles were written down have none to mark. Raises ReportError for files that can't be used.
    """
    again = f"`patchify-summarize {folder.name}` writes it anew"
    results = read_table(
        folder / "results.csv", names=["run", "data"], counts=["seed", "updates"], numbers=SCORED, remedy=again
    )
    if results is None:
        return None
    history = read_table(folder / "history.csv", names=["run"], counts=["seed", "step"], numbers=[], remedy=again)
    if history is None:
        raise ReportError(f"{folder}/history.csv must be there beside results.csv: {again}")
    ends = history.groupby(["run", "seed"])["step"].max()
    expected = results.groupby(["run", "seed"])["updates"].max()
    if not ends.equals(expected.rename("step")):
        raise ReportError(f"{folder}/history.csv must hold all records of the runs in results.csv: some lack; {again}")
    return Tables(
        results=results.assign(
            run=results["run"].astype(str),
            overfitting_gap=results["test_loss"] - results["train_loss"],
            cycle_ends=results.get("cycle_ends", "[]"),
        ),
        history=history.assign(run=history["run"].astype(str)),
        about=" and ".join(results["data"].unique()),
    )


def written_comparisons(folder: Path) -> pd.DataFrame | None:
    """A study's comparisons.csv, which knows more than results.csv: the images that single runs got right."""
    names, numbers = (
        ["run", "baseline", "column", "test"],
        ["n", "n_baseline", "difference", "half_width", "p_alone", "p"],
    )
    again = f"`patchify-summarize {folder.name}` writes it anew"
    found = read_table(folder / "comparisons.csv", names=names, numbers=numbers, remedy=again)
    unknown = set() if found is None else set(found["test"]) - {method.value for method in Method}
    if unknown:
        raise ReportError(f"{folder}/comparisons.csv must name known tests: got {', '.join(unknown)}; {again}")
    return found


def gradient_errors(folder: Path) -> pd.DataFrame | None:
    """What `patchify-gradcheck --out FOLDER` leaves."""
    remedy = f"`patchify-gradcheck --out {folder}` writes it anew"
    return read_table(folder / PARAMETERS, names=["network", "parameter"], numbers=CHECKS, remedy=remedy)


def file_differences(folder: Path) -> pd.DataFrame | None:
    """What `patchify-gradcheck FILE --out FOLDER` leaves."""
    remedy = f"`patchify-gradcheck FILE --out {folder}` writes it anew"
    return read_table(folder / ARRAYS, names=["array"], numbers=CODES, remedy=remedy)


def measured_times(folder: Path) -> pd.DataFrame | None:
    """What `patchify-benchmark` leaves."""
    path, again = folder / "results.csv", f"`patchify-benchmark --out {folder}` writes it anew"
    table = read_table(path, names=["implementation"], counts=[*KEYS, "repeats"], numbers=RATIOS, remedy=again)
    if table is not None and not (pd.crosstab([table[key] for key in KEYS], table["implementation"]) == 1).all(
        axis=None
    ):
        raise ReportError(f"{path} must have each implementation once for each network: it is cut short; {again}")
    return table


def read_table(
    path: Path, *, names: Sequence[str], counts: Sequence[str] = (), numbers: Sequence[str], remedy: str
) -> pd.DataFrame | None:
    """A table with these columns; None where there is no such file.

    counts: numbers that no row lacks, as no row lacks names; remedy: what writes the file anew
    Raises ReportError for a file that is no such table; metrics, which have a "/" in their names, must be numbers, too.
    """
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # pandas' errors for damaged files are ValueErrors
        raise ReportError(f"{path} must be a table: {' '.join(str(error).split())}; {remedy}") from error
    missing = [column for column in (*names, *counts, *numbers) if column not in table]
    if missing:
        raise ReportError(f"{path} must have the columns {', '.join(missing)}: it is damaged, or older; {remedy}")
    if table.empty:
        raise ReportError(f"{path} must have rows: it has none; {remedy}")
    for column in (*counts, *numbers, *(str(column) for column in table if "/" in str(column))):
        if not is_numeric_dtype(table[column]) or np.isinf(table[column]).any():
            raise ReportError(f"{path} must hold finite numbers in {column}: some are none; {remedy}")
    for column in (*names, *counts):
        if table[column].isna().any():
            raise ReportError(f"{path} must have {column} in every row: it is cut short, or damaged; {remedy}")
    return table
