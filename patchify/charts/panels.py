"""Many small panels of one kind, which share their axes: how a number depends on three others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter

from patchify.charts.style import COLOURS, INK, MARKERS, MUTED, settle, sheet, styled


@dataclass(slots=True, kw_only=True)
class Curve:
    """One quantity at some positive numbers.

    label: in the legend, where curves of one label stand once
    low, high: ends of the interval around each of ys, or None
    colour: index; curves of one label share it. None draws a dashed line without markers: a bound, not a competitor
    """

    label: str
    xs: list[int]
    ys: list[float]
    low: list[float] | None
    high: list[float] | None
    colour: int | None

    def __post_init__(self) -> None:
        ends = [self.ys if end is None else end for end in (self.low, self.high)]
        if len({len(self.xs), len(self.ys), *map(len, ends)}) > 1 or not self.xs:
            raise ValueError(
                f"curve {self.label!r} must have a y (and a low and high end) at each of its xs: got {len(self.xs)} "
                f"xs, {len(self.ys)} ys, {len(ends[0])} and {len(ends[1])} ends; leave out what was not measured"
            )
        if not (np.isfinite(self.ys).all() and min(*self.xs, *self.ys) > 0):
            raise ValueError(f"curve {self.label!r} must be positive and finite: got {self.ys} at {self.xs}")


@dataclass(slots=True, kw_only=True)
class Panel:
    """Curves under a title; a panel without curves stays empty."""

    title: str
    curves: list[Curve]


@styled()
def panel_chart(
    rows: Sequence[Sequence[Panel]], *, title: str, x_axis: str, y_axis: str, footer: str, level: float | None = None
) -> Figure:
    """Panels in rows of equal length, on logarithmic axes that all share, with one legend.

    x_axis, y_axis: the quantities and their units
    footer: machine, repeats, and what the error bars mean
    level: a y to draw a line at, such as 1 for "equally fast"
    """
    curves = [curve for row in rows for panel in row for curve in panel.curves]
    if not curves:
        raise ValueError(f"chart {title!r} must have a curve: got none; draw it once something was measured")
    figure = sheet(title=title, footer=footer, height=1.6 + 2.1 * len(rows))
    grid = figure.subplots(len(rows), len(rows[0]), sharex=True, sharey=True, squeeze=False)
    for row, all_axes in zip(rows, grid, strict=True):
        for panel, axes in zip(row, all_axes, strict=True):
            _draw(axes, panel, level)
    first: Axes = grid[0, 0]
    _ticks(first, curves, level)
    for axes in grid[-1]:
        axes.set_xlabel(x_axis)
    for axes in grid[:, 0]:
        axes.set_ylabel(y_axis)
    drawn = {
        label: handle for axes in grid.flat for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(drawn.values(), drawn.keys(), loc="outside right center", labelcolor=INK)
    settle(figure)
    return figure


def _draw(axes: Axes, panel: Panel, level: float | None) -> None:
    axes.set_title(panel.title)
    axes.grid(axis="y")
    if level is not None:
        axes.axhline(level, color=MUTED, linewidth=1.0)
    for curve in panel.curves:
        if curve.colour is None:
            axes.plot(curve.xs, curve.ys, color=MUTED, linestyle="--", marker="_", label=curve.label)
            continue
        colour, marker = COLOURS[curve.colour % len(COLOURS)], MARKERS[curve.colour % len(MARKERS)]
        axes.plot(curve.xs, curve.ys, color=colour, marker=marker, label=curve.label)
        if curve.low is not None and curve.high is not None:
            axes.vlines(curve.xs, curve.low, curve.high, color=colour, linewidth=1.2)


def _ticks(axes: Axes, curves: Sequence[Curve], level: float | None) -> None:
    """Logarithmic axes with plain numbers: each x that there is, and 1, 2 and 5 times the powers of ten."""
    xs = sorted({x for curve in curves for x in curve.xs})
    ends = [y for curve in curves for y in (*curve.ys, *(curve.low or []), *(curve.high or []))]
    ends += [] if level is None else [level]
    axes.set(xscale="log", yscale="log", xlim=(xs[0] / 1.5, xs[-1] * 1.5), ylim=(min(ends) / 1.25, max(ends) * 1.25))
    axes.xaxis.set_major_locator(FixedLocator(xs))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis, plain in ((axes.xaxis, "{x:g}"), (axes.yaxis, "{x:,g}")):
        axis.set_major_formatter(StrMethodFormatter(plain))
        axis.set_minor_locator(NullLocator())
