"""Runs of equal settings, as one group: what charts and tables say of it."""

import pandas as pd

from patchify.study.intervals import Interval, interval
from patchify.study.results import Tables


def footer(tables: Tables, spread: str) -> str:
    """What stands under a chart: the data set, the runs of each group, and what shows how they spread."""
    counts = tables.results.groupby("run", sort=False).size()
    n = f"n = {counts.min()}" if counts.min() == counts.max() else f"n = {counts.min()} to {counts.max()}"
    runs = "runs" if tables.results.duplicated(["run", "seed"]).any() else "seeds"
    what = f" {runs}; {spread}: 95 % t intervals of the mean" if counts.max() > 1 else " seed, no spread"
    return f"Data: {tables.about}. {n}{what}."


def whole_groups(results: pd.DataFrame, column: str) -> pd.DataFrame:
    """The runs of those groups whose runs all have the column."""
    lacking = results["run"].isin(results.loc[results[column].isna(), "run"])
    return results[~lacking]


def group_intervals(results: pd.DataFrame, column: str) -> dict[str, Interval]:
    """Mean and interval of a column for each group of runs, in the table's order."""
    return {str(label): interval(group.tolist()) for label, group in results.groupby("run", sort=False)[column]}
