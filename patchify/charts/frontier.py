"""What can be had for how much: ours as points and their frontier, published runs beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from patchify.charts.labels import PointLabel, label_points
from patchify.charts.style import COLOURS, INK, MARKERS, MUTED, sheet, styled


@dataclass(slots=True, kw_only=True)
class Spot:
    """The mean of some runs: y for a positive x; half_width: half of y's 95 % interval, or None for a single run."""

    label: str
    x: float
    y: float
    half_width: float | None

    def __post_init__(self) -> None:
        if not (np.isfinite([self.x, self.y, self.half_width or 0.0]).all() and self.x > 0):
            raise ValueError(
                f"spot {self.label!r} must be finite, at a positive x: got {self.y} ± {self.half_width} at {self.x}; "
                "leave runs without a result out"
            )


@dataclass(slots=True, kw_only=True)
class Range:
    """What others state: x and y as (low, high), equal where they state one number."""

    label: str
    x: tuple[float, float]
    y: tuple[float, float]


@styled()
def frontier_chart(
    series: dict[str, list[Spot]],
    published: Sequence[Range],
    *,
    title: str,
    x_axis: str,
    y_axis: str,
    footer: str,
    scale: float = 1.0,
) -> Figure:
    """Points over a logarithmic x, a line through each series' best up to each x, and what others state, in grey.

    series: by name, as in the legend; a label is written once, at the first series that has it
    x_axis, y_axis: the quantities and their units
    footer: data set, runs, what the bars mean, and how the published numbers differ
    scale: factor on all ys, as 100 from fractions to per cent
    """
    if not any(series.values()):
        raise ValueError(f"chart {title!r} must have a point: got none; draw it once there are runs")
    figure = sheet(title=title, footer=footer, height=5.6)
    axes = figure.subplots()
    axes.set_xscale("log")
    covered = [
        *(_draw(axes, name, spots, index, scale) for index, (name, spots) in enumerate(series.items()) if spots),
        *(_draw_range(axes, stated, scale, named=stated is published[0]) for stated in published),
    ]
    marks = np.concatenate(covered)
    left, right = marks[:, 0].min(), marks[:, 0].max()
    if np.isclose(left, right):
        axes.set_xlim(left / 2, right * 2)
    axes.margins(x=0.08, y=0.1)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(x_axis)
    axes.set_ylabel(y_axis)
    axes.grid()
    axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=3, borderaxespad=0)
    ours = {spot.label: spot for spots in reversed(series.values()) for spot in spots}
    labels = [PointLabel(text=spot.label, x=spot.x, y=scale * spot.y, colour=INK) for spot in ours.values()]
    labels.sort(key=lambda label: label.x)
    for stated in published:
        x, y = _middle(stated, scale)
        labels.append(PointLabel(text=stated.label, x=x, y=y, colour=MUTED))
    label_points(figure, axes, labels, marks)
    return figure


def best_so_far(spots: Sequence[Spot]) -> list[Spot]:
    """Those that are better than all at a lower x, in the order of x."""
    best: list[Spot] = []
    for spot in sorted(spots, key=lambda spot: (spot.x, -spot.y)):
        if not best or spot.y > best[-1].y:
            best.append(spot)
    return best


def _draw(axes: Axes, name: str, spots: Sequence[Spot], index: int, scale: float) -> np.ndarray:
    """A series with its frontier; returns places that it covers, (marks, 2)."""
    colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
    frontier = np.array([(spot.x, scale * spot.y) for spot in best_so_far(spots)])
    axes.plot(*frontier.T, color=colour, marker=marker, linewidth=1.2, label=name)
    xs, ys, halves = np.array([(spot.x, scale * spot.y, scale * (spot.half_width or 0.0)) for spot in spots]).T
    axes.errorbar(xs, ys, yerr=halves, fmt=marker, color=colour, elinewidth=1.2)
    bars = [_between((x, y - half), (x, y + half)) for x, y, half in zip(xs, ys, halves, strict=True)]
    return np.concatenate([*bars, *(_between(start, end) for start, end in pairwise(frontier))])


def _draw_range(axes: Axes, stated: Range, scale: float, *, named: bool) -> np.ndarray:
    """What others state, hollow, with its ends; returns places that it covers, (marks, 2)."""
    x, y = _middle(stated, scale)
    (left, right), (low, high) = stated.x, (scale * stated.y[0], scale * stated.y[1])
    axes.errorbar(
        x,
        y,
        xerr=[[x - left], [right - x]],
        yerr=[[y - low], [high - y]],
        fmt="D",
        color=MUTED,
        markerfacecolor="white",
        elinewidth=0.9,
        label="published, hardware not stated" if named else None,
    )
    return np.concatenate([_between((left, y), (right, y)), _between((x, low), (x, high))])


def _middle(stated: Range, scale: float) -> tuple[float, float]:
    """The geometric mean of x, as seen on its axis, and the mean of y."""
    return float(np.sqrt(stated.x[0] * stated.x[1])), scale * (stated.y[0] + stated.y[1]) / 2


def _between(start: Sequence[float], end: Sequence[float]) -> np.ndarray:
    """Places on a straight line over the logarithmic axis, both ends included, (places, 2)."""
    return np.stack([np.geomspace(start[0], end[0], 60), np.linspace(start[1], end[1], 60)], axis=1)
