"""Results that were written before, read from their folders: they outlive the store that they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from patchify.config.names import nearest, options
from patchify.study import ResultsError
from patchify.study.results import SCORES, VIEWS, Tables

ADDED_LATER = ("train_cpu_seconds", *VIEWS)
"""Numbers that older tables don't have."""
SCORED = [name for name in SCORES if name not in ADDED_LATER]
"""Those that every table has."""


def with_further(tables: Tables, studies: Sequence[str], folder: Path) -> tuple[Tables, list[str]]:
    """The tables with the results.csv of further studies on the same data, and notes on what is left out.

    folder: of all results, a folder a study. Raises ResultsError for a name that no folder and no study has, and for a
    damaged table.
    """
    found, notes = {}, []
    data = tables.results["data"].iloc[0]
    for study in studies:
        path = folder / study / "results.csv"
        table = read_table(
            path,
            names=["run_key", "data", "run"],
            counts=["seed"],
            numbers=SCORED,
            maybe=ADDED_LATER,
            remedy=f"`patchify-summarize {study} --out {path.parent}` writes it anew",
        )
        if table is None:
            known = sorted(options("experiment"))
            if study not in known:
                raise ResultsError(f"there must be {path}, or a study {study}: got neither; {nearest(study, known)}")
            notes.append(f"{study}: there is no {path}; `patchify-summarize {study} --out {path.parent}` writes it")
            continue
        same = table[table["data"] == data]
        if len(same) < len(table):
            notes.append(f"{len(table) - len(same)} runs of {study}, on other data")
        if len(same):
            found[study] = same.assign(run=same["run"].astype(str))
    return replace(tables, further=found), notes


def sources(further: Mapping[str, pd.DataFrame]) -> str:
    """Which tables of further studies there are, as links from a study's own folder."""
    return ", ".join(f"[{name}](../{name}/results.csv), n = {len(runs)}" for name, runs in further.items())


def read_table(
    path: Path,
    *,
    names: Sequence[str],
    counts: Sequence[str] = (),
    numbers: Sequence[str],
    maybe: Sequence[str] = (),
    remedy: str,
) -> pd.DataFrame | None:
    """A table with these columns; None where there is no such file.

    counts: numbers that no row lacks, as no row lacks names; maybe: numbers that a table may lack
    remedy: what writes the file anew
    Metrics, which have a "/" in their names, must be numbers, too. Raises ResultsError for what is no such table.
    """
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # pandas' errors for damaged files are ValueErrors
        raise ResultsError(f"{path} must be a table: {' '.join(str(error).split())}; {remedy}") from error
    missing = [column for column in (*names, *counts, *numbers) if column not in table]
    if missing:
        raise ResultsError(f"{path} must have the columns {', '.join(missing)}: it is damaged, or older; {remedy}")
    if table.empty:
        raise ResultsError(f"{path} must have rows: it has none; {remedy}")
    optional = [str(column) for column in table if "/" in str(column) or column in maybe]
    for column in (*counts, *numbers, *optional):
        if not is_numeric_dtype(table[column]) or np.isinf(table[column]).any():
            raise ResultsError(f"{path} must hold finite numbers in {column}: some are none; {remedy}")
    for column in (*names, *counts):
        if table[column].isna().any():
            raise ResultsError(f"{path} must have {column} in every row: it is cut short, or damaged; {remedy}")
    return table
