"""A study's charts, drawn from its two tables alone."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from patchify import charts
from patchify.config.schema import Chart, ChartKind
from patchify.study import ResultsError
from patchify.study.intervals import Interval, interval
from patchify.study.quantities import heading, quantity


def draw(chart: Chart, results: pd.DataFrame, history: pd.DataFrame, about: str, path: Path) -> list[Path]:
    """Write one chart as SVG and PNG at `path` plus suffix; about: the data set, for the footer.

    Raises ResultsError for a column or metric that the tables, or some runs in them, don't have.
    """
    table = results if chart.kind is ChartKind.bars else history
    for column in chart.show:
        if column not in table:
            raise ResultsError(f"the chart {path.name} shows {column}, but there are only {', '.join(table.columns)}")
        if table[column].isna().any():
            raise ResultsError(f"the chart {path.name} shows {column}, which some runs lack: take it out of the charts")
    shown = quantity(chart.show[0])
    counts = results.groupby("run", sort=False).size()
    n = f"n = {counts.min()}" if counts.min() == counts.max() else f"n = {counts.min()} to {counts.max()}"
    marks = "error bars" if chart.kind is ChartKind.bars else "bands"
    spread = f" seeds; {marks}: 95 % t intervals of the mean" if counts.max() > 1 else " seed, no spread"
    footer = f"Data: {about}. {n}{spread}."
    if chart.kind is ChartKind.bars:
        bars = [
            charts.Bar(label=str(label), mean=found.mean, half_width=found.half_width, n=found.n)
            for label, found in group_intervals(results, chart.show[0]).items()
        ]
        figure = charts.bar_chart(
            bars,
            title=chart.title,
            axis=heading(chart.show[0]),
            footer=footer,
            scale=shown.scale,
            decimals=shown.decimals,
        )
    else:
        gap = chart.kind is ChartKind.gap
        lines = list(_gaps(chart, history) if gap else _curves(chart, history))
        axis = f"difference in {shown.axis}" if gap else shown.axis
        figure = charts.line_chart(lines, title=chart.title, axis=axis, footer=footer, scale=shown.scale)
    return charts.save(figure, path)


def group_intervals(results: pd.DataFrame, column: str) -> dict[str, Interval]:
    """Mean and interval of a column for each group of runs, in the table's order."""
    return {str(label): interval(group.tolist()) for label, group in results.groupby("run", sort=False)[column]}


def _curves(chart: Chart, history: pd.DataFrame) -> Iterator[charts.Line]:
    for colour, (label, group) in enumerate(history.groupby("run", sort=False)):
        for metric in chart.show:
            part = metric.partition("/")[0]
            yield _line(f"{label} · {part}", group, group[metric], dashed=part == "train", colour=colour)


def _gaps(chart: Chart, history: pd.DataFrame) -> Iterator[charts.Line]:
    """The second metric minus the first."""
    for colour, (label, group) in enumerate(history.groupby("run", sort=False)):
        gap = group[chart.show[1]] - group[chart.show[0]]
        yield _line(str(label), group, gap, dashed=False, colour=colour)


def _line(label: str, group: pd.DataFrame, values: "pd.Series[float]", *, dashed: bool, colour: int) -> charts.Line:
    at_steps = {int(str(step)): interval(found.dropna().tolist()) for step, found in values.groupby(group["step"])}
    half_widths = [found.half_width for found in at_steps.values()]
    return charts.Line(
        label=label,
        steps=list(at_steps),
        mean=[found.mean for found in at_steps.values()],
        half_width=None if None in half_widths else [width or 0.0 for width in half_widths],
        dashed=dashed,
        colour=colour,
    )
