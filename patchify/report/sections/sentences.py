"""Sentences that are made of a study's numbers."""

from collections.abc import Sequence

import pandas as pd

from patchify.study.groups import group_intervals, whole_groups
from patchify.study.intervals import Interval
from patchify.study.markdown import number
from patchify.study.quantities import heading, quantity


def amount(found: Interval, column: str) -> str:
    """A mean with its interval and unit.

    >>> amount(Interval(mean=0.662, half_width=0.003, n=3), "test_accuracy")
    '66.2 ± 0.3 %'
    """
    return f"{number(found, column)} {quantity(column).unit}".strip()


def named(column: str) -> str:
    """A column in words, without its unit."""
    return heading(column).partition(" (")[0]


def extremes(results: pd.DataFrame, columns: Sequence[str]) -> str:
    """Test accuracies and times among the columns: of the one group, or the ends of several."""
    told = [column for column in columns if column.startswith("test_accuracy") or column.endswith("seconds")]
    whole = {column: whole_groups(results, column) for column in told if column in results}
    found = {column: group_intervals(runs, column) for column, runs in whole.items() if len(runs)}
    runs = results["run"].unique().tolist()
    if len(runs) == 1:
        parts = [f"{named(column)} {amount(groups[runs[0]], column)}" for column, groups in found.items()]
        return f"{runs[0]}: {', '.join(parts)} ({runs_of(results)})."
    ends = [_ends(groups, column) for column, groups in found.items()]
    return f"Of the means over runs, {'; '.join(ends)} ({runs_of(results)})."


def _ends(groups: dict[str, Interval], column: str) -> str:
    most, least = (pick(groups, key=lambda name: groups[name].mean) for pick in (max, min))
    if most == least:
        return f"the same {named(column)} in all, {amount(groups[most], column)}"
    high, low = ("longest", "shortest") if column.endswith("seconds") else ("highest", "lowest")
    return (
        f"{high} {named(column)}: **{most}**, {amount(groups[most], column)}, and {low}: **{least}**, "
        f"{amount(groups[least], column)}"
    )


def runs_of(results: pd.DataFrame) -> str:
    """How many runs and updates there are.

    >>> runs_of(pd.DataFrame({"run": ["a", "a"], "seed": [0, 1], "updates": 4800}))
    'n = 2, 4,800 updates'
    """
    counts = sorted(set(results.groupby("run").size()))
    updates = " and ".join(f"{count:,}" for count in sorted(set(results["updates"])))
    return f"n = {' or '.join(map(str, counts))}, {updates} updates"
