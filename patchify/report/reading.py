"""The tables in a folder of results, checked before anything is said of them."""

from pathlib import Path

import pandas as pd

from patchify.benchmark.results import KEYS
from patchify.gradcheck.evidence import ARRAYS, CHECKS, CODES, PARAMETERS
from patchify.study import ResultsError
from patchify.study.comparisons import Method
from patchify.study.results import Tables
from patchify.study.written import ADDED_LATER, SCORED, read_table

RATIOS = [f"{clock}_{what}" for clock in ("cpu", "wall") for what in ("us", "ratio", "ratio_low", "ratio_high")]


def study_tables(folder: Path) -> Tables | None:
    """A study's results.csv and history.csv; None where there is no results.csv.

    Those of before cycles were written down have none to mark. Raises ResultsError for files that can't be used.
    """
    again = f"`patchify-summarize {folder.name} --out {folder}` writes it anew"
    results = read_table(
        folder / "results.csv",
        names=["run", "data"],
        counts=["seed", "updates"],
        numbers=SCORED,
        maybe=ADDED_LATER,
        remedy=again,
    )
    if results is None:
        return None
    history = read_table(folder / "history.csv", names=["run"], counts=["seed", "step"], numbers=[], remedy=again)
    if history is None:
        raise ResultsError(f"{folder}/history.csv must be there beside results.csv: {again}")
    ends = history.groupby(["run", "seed"])["step"].max()
    expected = results.groupby(["run", "seed"])["updates"].max()
    if not ends.equals(expected.rename("step")):
        raise ResultsError(f"{folder}/history.csv must hold all records of the runs in results.csv: some lack; {again}")
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
    again = f"`patchify-summarize {folder.name} --out {folder}` writes it anew"
    found = read_table(folder / "comparisons.csv", names=names, numbers=numbers, remedy=again)
    unknown = set() if found is None else set(found["test"]) - {method.value for method in Method}
    if unknown:
        raise ResultsError(f"{folder}/comparisons.csv must name known tests: got {', '.join(unknown)}; {again}")
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
        raise ResultsError(f"{path} must have each implementation once for each network: it is cut short; {again}")
    return table
