"""A study's charts, drawn from its two tables alone."""

from pathlib import Path

import numpy as np
import pandas as pd

from patchify import charts
from patchify.config.schema import Chart, ChartKind
from patchify.study import ResultsError
from patchify.study.gains import panels
from patchify.study.groups import footer, group_intervals
from patchify.study.intervals import quantile
from patchify.study.minutes import core_minutes
from patchify.study.overview import judging_column
from patchify.study.quantities import heading, of_difference, quantity
from patchify.study.results import Tables
from patchify.study.scaling.figure import scaling_figure

MOST_CURVES = 12
"""Groups of runs in a chart of curves; more can't be told apart."""


def draw(chart: Chart, tables: Tables, path: Path) -> list[Path]:
    """Write one chart as SVG, PNG and PDF at `path` plus suffix. Raises ResultsError as `figure` does."""
    return charts.save(figure(chart, tables, path.name), path)


def figure(chart: Chart, tables: Tables, name: str) -> charts.Figure:
    """One chart; name: in errors.

    Raises ResultsError for a column or metric that the tables, or some runs in them, don't have.
    """
    table = tables.history if chart.kind in {ChartKind.curves, ChartKind.gap} else tables.results
    for column in chart.show:
        if column not in table:
            raise ResultsError(f"the chart {name} shows {column}, but there are only {', '.join(table.columns)}")
        if chart.kind is not ChartKind.core_minutes and table[column].isna().any():
            raise ResultsError(f"the chart {name} shows {column}, which some runs lack: take it out of the charts")
    return FIGURES[chart.kind](chart, tables)


def _bars(chart: Chart, tables: Tables) -> charts.Figure:
    (column,) = chart.show
    bars = [
        charts.Bar(
            label=label,
            mean=found.mean,
            half_width=found.half_width,
            n=found.n,
            baseline=label == tables.baseline,
        )
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
    parts = {metric.partition("/")[0] for metric in chart.show}
    for colour, run in enumerate(_drawn(tables)):
        for metric in chart.show:
            part = metric.partition("/")[0]
            line = _line(tables, run, tables.history[metric], colour)
            line.label, line.dashed = f"{run} · {part}" if len(parts) > 1 else run, part == "train"
            lines.append(line)
    return _line_chart(chart, tables, lines, quantity(chart.show[0]).axis)


def _gaps(chart: Chart, tables: Tables) -> charts.Figure:
    """The second metric minus the first."""
    first, second = chart.show
    lines = [
        _line(tables, run, tables.history[second] - tables.history[first], colour)
        for colour, run in enumerate(_drawn(tables))
    ]
    return _line_chart(chart, tables, lines, of_difference(quantity(first).axis))


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


def _drawn(tables: Tables) -> list[str]:
    """The groups whose curves are drawn, in the table's order: the most accurate, if all would hide each other."""
    results = tables.results
    column = judging_column(results)
    means = results.groupby("run", sort=False)[column].mean().sort_values(ascending=False, kind="stable")
    kept = {*means.index[:MOST_CURVES], tables.baseline}
    return [run for run in results["run"].unique() if run in kept]


def _line_chart(chart: Chart, tables: Tables, lines: list[charts.Line], axis: str) -> charts.Figure:
    ends = {tuple(line.cycles) for line in lines if line.cycles}
    marked = f" {'Dotted lines' if len(ends) == 1 else 'Strokes'}: ends of cycles." if ends else ""
    groups = tables.results["run"].nunique()
    if groups > MOST_CURVES:
        judged = heading(judging_column(tables.results)).partition(" (")[0]
        also = " and the baseline" if len(_drawn(tables)) > MOST_CURVES else ""
        marked += f" Of {groups} groups, the {MOST_CURVES} with the highest {judged}{also}."
    return charts.line_chart(
        lines,
        title=chart.title,
        axis=axis,
        footer=footer(tables, "bands") + marked,
        scale=quantity(chart.show[0]).scale,
    )


def _line(tables: Tables, run: str, values: "pd.Series[float]", colour: int) -> charts.Line:
    """Values, one a record of all runs, of this group of runs."""
    group = tables.history["run"] == run
    found = values[group].groupby(tables.history["step"][group]).agg(["count", "mean", "sem"])
    half_widths = found["count"].map(lambda n: quantile(n - 1) if n > 1 else np.nan) * found["sem"]
    return charts.Line(
        label=run,
        steps=found.index.tolist(),
        mean=found["mean"].tolist(),
        half_width=None if half_widths.isna().any() else half_widths.tolist(),
        dashed=False,
        colour=colour,
        baseline=run == tables.baseline,
        cycles=tables.cycle_ends(run),
    )


FIGURES = {
    ChartKind.bars: _bars,
    ChartKind.curves: _curves,
    ChartKind.gap: _gaps,
    ChartKind.gains: _gains,
    ChartKind.core_minutes: core_minutes,
    ChartKind.scaling: scaling_figure,
}
