"""Accuracy against core-minutes: ours, the best of it up to each time, and published runs."""

from collections import Counter
from dataclasses import replace

import pandas as pd

from patchify import charts
from patchify.config.published import Published
from patchify.config.schema import Chart
from patchify.study import ResultsError
from patchify.study.groups import footer, group_intervals, whole_groups
from patchify.study.quantities import heading
from patchify.study.results import Tables


def core_minutes(chart: Chart, tables: Tables) -> charts.Figure:
    """A point for each group of runs in each accuracy that all of its runs have.

    Runs from before processor time was counted are left out. Raises ResultsError for an accuracy that no group has.
    """
    runs = _with_further(tables)
    timed = runs.dropna(subset=["train_cpu_seconds"])
    series = {heading(column).removesuffix(" (%)"): _spots(timed, column) for column in chart.show}
    spread = footer(replace(tables, results=timed), "error bars")
    return charts.frontier_chart(
        series,
        [_stated(published) for published in chart.published],
        title=chart.title,
        x_axis="training time (core-minutes)",
        y_axis="accuracy (%)",
        footer=f"{spread} {_caption(chart, untimed=len(runs) - len(timed))}",
        scale=100,
    )


def _with_further(tables: Tables) -> pd.DataFrame:
    """The runs of all studies, each group once; those called the same are told apart by their studies."""
    studies = [("", tables.results), *tables.further.items()]
    groups = [(study, str(name), group) for study, runs in studies for name, group in runs.groupby("run", sort=False)]
    seen: set[str] = set()
    kept = []
    for study, name, group in sorted(groups, key=lambda found: -len(found[2])):  # the one with most seeds first
        if not seen.issuperset(group["run_key"]):
            kept.append((study, name, group))
            seen.update(group["run_key"])
    called = Counter(name for _, name, _ in kept)
    return pd.concat(
        [group.assign(run=f"{name} ({study})" if study and called[name] > 1 else name) for study, name, group in kept]
    )


def _spots(timed: pd.DataFrame, column: str) -> list[charts.Spot]:
    runs = whole_groups(timed, column)
    if runs.empty:
        raise ResultsError(
            f"core-minutes need a group of runs that all have {column} and train_cpu_seconds: got none; train them "
            "again, or take it out of the charts"
        )
    minutes = (runs["train_cpu_seconds"] / 60).groupby(runs["run"]).mean()
    return [
        charts.Spot(label=label, x=minutes[label], y=found.mean, half_width=found.half_width)
        for label, found in group_intervals(runs, column).items()
    ]


def _caption(chart: Chart, *, untimed: int) -> str:
    ours = "Core-minutes: processor time of training; evaluation not counted."
    published = ["Published: wall times on hardware not stated; bars: ranges."] if chart.published else []
    left_out = [f"Runs left out, without processor time: {untimed}."] if untimed else []
    return " ".join([ours, *left_out, "Lines: the best up to each time.", *published])


def _stated(published: Published) -> charts.Range:
    """A published run as a range, called by its time as it was published."""
    seconds, accuracy = published.seconds, published.accuracy
    return charts.Range(
        label=f"{'–'.join(f'{end:,g}' for end in seconds)} s",
        x=(seconds[0] / 60, seconds[-1] / 60),
        y=(accuracy[0], accuracy[-1]),
    )
