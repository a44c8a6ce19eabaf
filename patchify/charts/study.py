"""Charts over many runs: a bar, or a line, for each setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from patchify.charts.lines import Line, draw_lines, key, label_ends
from patchify.charts.style import COLOURS, INK, lay_out, settle, sheet, styled, wrap_label

PALE = "#86BBDC"
"""Of the bars: the palette's blue, light enough for an error bar to be seen on it."""


@dataclass(slots=True, kw_only=True)
class Bar:
    """The mean of n runs.

    half_width: half of the 95 % interval of the mean, or None where a single run gives none
    baseline: whether the others are compared with it
    """

    label: str
    mean: float
    half_width: float | None
    n: int
    baseline: bool = False

    def __post_init__(self) -> None:
        if not np.isfinite([self.mean, self.half_width or 0.0]).all():
            raise ValueError(
                f"bar {self.label!r} must have a finite mean and half_width: got {self.mean} ± {self.half_width}; "
                "leave runs without a result out"
            )
        if self.n == 1 and self.half_width is not None:
            raise ValueError(
                f"bar {self.label!r} of one run has no interval: got half_width={self.half_width}; give None"
            )

    def number(self, scale: float, decimals: int, sign: str = "-") -> str:
        """The mean ± half of its interval; sign: "+" for a plus before what is positive."""
        mean = f"{scale * self.mean:{sign}z.{decimals}f}".replace("-", "\N{MINUS SIGN}")
        return mean if self.half_width is None else f"{mean} ± {scale * self.half_width:.{decimals}f}"


@styled()
def bar_chart(
    bars: Sequence[Bar], *, title: str, axis: str, footer: str, scale: float = 1.0, decimals: int = 1
) -> Figure:
    """Means with their intervals as horizontal bars from zero, the first on top, each with its numbers and n.

    axis: the quantity and its unit
    footer: data set, runs, and what the error bars mean
    scale: factor on all numbers, as 100 from fractions to per cent
    decimals: digits after the point of the numbers written
    """
    if not bars:
        raise ValueError(f"chart {title!r} must have a bar: got none; draw it once there are runs")
    labels = [wrap_label(bar.label, 40) for bar in bars]
    lines = sum(label.count("\n") for label in labels)
    figure = sheet(title=title, footer=footer, height=1.5 + 0.42 * len(bars) + 0.13 * lines)
    axes = figure.subplots()
    means = scale * np.array([bar.mean for bar in bars])
    half_widths = scale * np.array([bar.half_width or 0.0 for bar in bars])
    rows = np.arange(len(bars))
    colours = ["white" if bar.baseline else PALE for bar in bars]
    axes.barh(rows, means, height=0.64, color=colours, edgecolor=COLOURS[0])
    known = [row for row, bar in enumerate(bars) if bar.half_width is not None]
    if known:
        axes.errorbar(means[known], known, xerr=half_widths[known], fmt="none", ecolor=INK, capsize=4, elinewidth=1.3)
    axes.set_yticks(rows, labels)
    _mark_baseline(axes, bars, means)
    axes.set_ylim(len(bars) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(axis)
    axes.grid(axis="x")
    axes.axvline(0, color=INK, linewidth=1.0)
    ends = np.maximum(means + half_widths, 0)
    paper: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # keeps the grid out of the numbers
    texts = [
        axes.annotate(
            f"{bar.number(scale, decimals)}  (n = {bar.n})",
            (end, row),
            (6, 0),
            textcoords="offset points",
            va="center",
            bbox=paper,
        )
        for row, (bar, end) in enumerate(zip(bars, ends, strict=True))
    ]
    _make_room(figure, axes, texts, ends, float((means - half_widths).min()))
    _stop_ticks(axes, float(means.max()))
    settle(figure)
    return figure


def _mark_baseline(axes: Axes, bars: Sequence[Bar], means: np.ndarray) -> None:
    """A bold label, and a line through all bars at its mean."""
    for bar, label, mean in zip(bars, axes.get_yticklabels(), means, strict=True):
        if bar.baseline:
            label.set_fontweight("bold")
            axes.axvline(mean, color=COLOURS[0], linewidth=1.2, linestyle=(0, (4, 3)))


def _make_room(figure: Figure, axes: Axes, texts: Sequence[Text], ends: np.ndarray, lowest: float) -> None:
    """Widen the x axis until each text fits to the right of its bar's end."""
    low, high = min(0.0, 1.08 * lowest), float(ends.max()) or 1.0
    lay_out(figure)
    renderer = FigureCanvasAgg(figure).get_renderer()  # else each text makes its own
    width = axes.get_window_extent().width
    gap = 10 * figure.dpi / 72  # the texts' distance of 6 points from the bars, and some air
    shares = 1 - np.array([text.get_window_extent(renderer).width + gap for text in texts]) / width  # left of each text
    axes.set_xlim(low, max(high, *(low + (ends - low) / shares)))


def _stop_ticks(axes: Axes, longest: float) -> None:
    """Ticks end with the first beyond the longest bar: the room for texts would else have some, 120 % among them."""
    low, high = axes.get_xlim()
    ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, max(longest, 0.0) or high)
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])


@styled()
def line_chart(
    lines: Sequence[Line], *, title: str, axis: str, footer: str, scale: float = 1.0, log: bool = False
) -> Figure:
    """Means over runs against updates, with their intervals as bands and their labels at their ends.

    The y axis fits the records after update 0, whose value is written above it where it lies far outside.

    axis: the quantity and its unit
    footer: data set, runs, and what the bands mean
    scale: factor on all numbers, as 100 from fractions to per cent
    log: whether the y axis is logarithmic, for positive means
    """
    if not lines:
        raise ValueError(f"chart {title!r} must have a line: got none; draw it once there are runs")
    figure = sheet(title=title, footer=footer, height=4.8)
    axes = figure.subplots()
    draw_lines(axes, lines, scale=scale, log=log)
    axes.set_xlabel("updates")
    axes.set_ylabel(axis)
    if len({line.dashed for line in lines}) > 1:
        key(axes)
    label_ends(figure, [(axes, lines, scale)])
    return figure
