"""Gains with their intervals around zero, in panels one below the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from patchify.charts.study import Bar
from patchify.charts.style import COLOURS, INK, settle, sheet, styled, wrap_label


@dataclass(slots=True, kw_only=True)
class GainPanel:
    """Gains under a title; their means are differences, which may be negative."""

    title: str
    gains: list[Bar]


@styled()
def gain_chart(
    panels: Sequence[GainPanel], *, title: str, axis: str, footer: str, scale: float = 1.0, decimals: int = 1
) -> Figure:
    """Mean differences as dots with their intervals, beside a line at zero; all panels share the axis below them.

    axis: the quantity and its unit
    footer: data set, runs, and what the intervals mean
    scale: factor on all numbers, as 100 from fractions to percentage points
    decimals: digits after the point of the numbers written
    """
    if not panels or not all(panel.gains for panel in panels):
        raise ValueError(f"chart {title!r} must have a gain in each panel: got none; draw it once there are runs")
    rows = [len(panel.gains) for panel in panels]
    lines = max(_name(gain).count("\n") + 1 for panel in panels for gain in panel.gains)
    figure = sheet(title=title, footer=footer, height=1.0 + 0.35 * len(rows) + (0.12 + 0.17 * lines) * sum(rows))
    grid = figure.subplots(len(panels), sharex=True, squeeze=False, height_ratios=rows)
    for panel, axes in zip(panels, grid[:, 0], strict=True):
        _draw(axes, panel, scale, decimals)
    grid[-1, 0].set_xlabel(axis)
    settle(figure)
    return figure


def _draw(axes: Axes, panel: GainPanel, scale: float, decimals: int) -> None:
    rows = np.arange(len(panel.gains))
    means = scale * np.array([gain.mean for gain in panel.gains])
    half_widths = scale * np.array([gain.half_width or np.nan for gain in panel.gains])  # NaN: none is drawn
    axes.axvline(0, color=INK, linewidth=1.0)
    axes.errorbar(means, rows, xerr=half_widths, fmt="o", color=COLOURS[0], capsize=3, elinewidth=1.6)
    axes.set_title(panel.title)
    axes.set_yticks(rows, [_name(gain) for gain in panel.gains])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x")
    numbers = axes.secondary_yaxis("right")
    numbers.set_yticks(rows, [gain.number(scale, decimals, sign="+") for gain in panel.gains])
    numbers.spines["right"].set_visible(False)
    for side in (axes, numbers):
        side.tick_params(axis="y", length=0)


def _name(gain: Bar) -> str:
    return wrap_label(gain.label, 40)
