"""A study's charts, drawn from its two tables alone."""

from pathlib import Path

import pandas as pd

from patchify import charts
from patchify.config.schema import Chart, ChartKind
from patchify.study import ResultsError
from patchify.study.gains import panels
from patchify.study.groups import footer, group_intervals
from patchify.study.intervals import interval
from patchify.study.minutes import core_minutes
from patchify.study.quantities import heading, of_difference, quantity
from patchify.study.results import Tables
from patchify.study.scaling.figure import scaling_figure


def draw(chart: Chart, tables: Tables, path: Path) -> list[Path]:
    """Write one chart as SVG and PNG at `path` plus suffix.

    Raises ResultsError for a column or metric that the tables, or some runs in them, don't have.
    """
    table = tables.history if chart.kind in {ChartKind.curves, ChartKind.gap} else tables.results
    for column in chart.show:
        if column not in table:
            raise ResultsError(f"the chart {path.name} shows {column}, but there are only {', '.join(table.columns)}")
        if chart.kind is not ChartKind.core_minutes and table[column].isna().any():
            raise ResultsError(f"the chart {path.name} shows {column}, which some runs lack: take it out of the charts")
    return charts.save(FIGURES[chart.kind](chart, tables), path)


def _bars(chart: Chart, tables: Tables) -> charts.Figure:
    (column,) = chart.show
    bars = [
        charts.Bar(label=label, mean=found.mean, half_width=found.half_width, n=found.n)
        for label, found in group_intervals(tables.results, column).items()
    ]
    shown = quantity(column)
    return charts.bar_chart(
        bars,
        title=chart.title,
        axis=heading(column),
        footer=footer(tables, "error bars"),
        scale=shown.scale,
        decimals=shown.decimals,
    )


def _curves(chart: Chart, tables: Tables) -> charts.Figure:
    lines = []
    for colour, (label, group) in enumerate(tables.history.groupby("run", sort=False)):
        for metric in chart.show:
            part, of_images, _ = metric.partition("/")
            name = f"{label} · {part}" if of_images else str(label)
            lines.append(_line(name, group, group[metric], dashed=part == "train", colour=colour))
    shown = quantity(chart.show[0])
    return charts.line_chart(
        lines, title=chart.title, axis=shown.axis, footer=footer(tables, "bands"), scale=shown.scale
    )


def _gaps(chart: Chart, tables: Tables) -> charts.Figure:
    """The second metric minus the first."""
    first, second = chart.show
    lines = [
        _line(str(label), group, group[second] - group[first], dashed=False, colour=colour)
        for colour, (label, group) in enumerate(tables.history.groupby("run", sort=False))
    ]
    shown = quantity(first)
    axis = of_difference(shown.axis)
    return charts.line_chart(lines, title=chart.title, axis=axis, footer=footer(tables, "bands"), scale=shown.scale)


def _gains(chart: Chart, tables: Tables) -> charts.Figure:
    (column,) = chart.show
    shown = quantity(column)
    found = panels(chart, tables.results)
    counts = {gain.n for gains in found.values() for gain in gains.values()}
    n = " to ".join(map(str, sorted({min(counts), max(counts)})))
    spread = (
        f"means and 95 % t intervals, n = {n} seeds, one deviation for all pairs of a panel; one interval in twenty "
        "misses by chance"
        if max(counts) > 1
        else "n = 1 seed, no spread"
    )
    return charts.gain_chart(
        [
            charts.GainPanel(
                title=title,
                gains=[
                    charts.Bar(label=pair.label, mean=gain.mean, half_width=gain.half_width, n=gain.n)
                    for pair, gain in gains.items()
                ],
            )
            for title, gains in found.items()
        ],
        title=chart.title,
        axis=of_difference(heading(column)),
        footer=f"Data: {tables.about}. Differences paired by seed: {spread}.",
        scale=shown.scale,
        decimals=shown.decimals,
    )


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


FIGURES = {
    ChartKind.bars: _bars,
    ChartKind.curves: _curves,
    ChartKind.gap: _gaps,
    ChartKind.gains: _gains,
    ChartKind.core_minutes: core_minutes,
    ChartKind.scaling: scaling_figure,
}
