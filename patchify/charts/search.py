"""Charts of a search: how its trials came out in their order, and against each setting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from patchify.charts.style import COLOURS, INK, MUTED, settle, sheet, styled

COLUMNS = 3
"""Panels in a row."""
BELOW = 3
"""How far the y axis reaches below the best, in distances of the median; trials at chance would squeeze the others."""
LETTERS = 14
"""Below a panel; names of choices that are longer together are slanted."""


@dataclass(slots=True, kw_only=True)
class TrialPoint:
    """A trial with its accuracy, a fraction. pruned: whether that is the last before it was broken off."""

    number: int
    accuracy: float
    pruned: bool


@dataclass(slots=True, kw_only=True)
class Slice:
    """The values of one setting, one for each trial. log: whether its axis is; choices: all there are, of a choice."""

    name: str
    values: list[str | float]
    log: bool
    choices: list[str] | None


@styled()
def search_history(points: Sequence[TrialPoint], *, title: str, axis: str, footer: str) -> Figure:
    """Accuracy of trials in their order, with the best so far as a step line.

    axis: the quantity and its unit; footer: data set, and what is not shown
    """
    _require_points(points, title)
    figure = sheet(title=title, footer=footer, height=4.2)
    axes = figure.subplots()
    _scatter(axes, [point.number + 1 for point in points], points)
    done = [point for point in points if not point.pruned]
    best = np.maximum.accumulate([100 * point.accuracy for point in done])
    numbers = [point.number + 1 for point in done]
    axes.step(
        [*numbers, points[-1].number + 1],
        [*best, best[-1]],
        where="post",
        color=INK,
        linewidth=1.2,
        label="best so far",
    )
    axes.set_xlabel("trial")
    axes.set_ylabel(axis)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    figure.legend(loc="outside right center", labelcolor=INK)
    settle(figure)
    return figure


@styled()
def search_slices(
    slices: Sequence[Slice], points: Sequence[TrialPoint], *, title: str, axis: str, footer: str
) -> Figure:
    """Accuracy of trials against each setting, a panel each; the same trial is in all of them."""
    _require_points(points, title)
    rows = -(-len(slices) // COLUMNS)
    figure = sheet(title=title, footer=footer, height=1.3 + 2.4 * rows + (1.2 if rows == 1 else 0))
    grid = figure.subplots(rows, min(COLUMNS, len(slices)), sharey=True, squeeze=False)
    for axes in grid.flat[len(slices) :]:
        axes.remove()
    for axes, part in zip(grid.flat, slices, strict=False):
        _draw(axes, part, points)
    for axes in grid[:, 0]:
        axes.set_ylabel(axis)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", labelcolor=INK)
    settle(figure)
    return figure


def _draw(axes: Axes, part: Slice, points: Sequence[TrialPoint]) -> None:
    axes.set_title(part.name, color=INK)
    if part.choices:
        _scatter(axes, [float(part.choices.index(str(value))) for value in part.values], points)
        axes.set_xticks(range(len(part.choices)), part.choices)
        if len("".join(part.choices)) > LETTERS:
            axes.tick_params(axis="x", labelrotation=40)
        axes.set_xlim(-0.5, len(part.choices) - 0.5)
        return
    _scatter(axes, [float(value) for value in part.values], points)
    if not part.log:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        return
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = axes.get_xlim()
    few = high / low < 50
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=5))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def _scatter(axes: Axes, xs: Sequence[float], points: Sequence[TrialPoint]) -> None:
    """Filled for trials that came to their end, hollow for others, at the edge what lies lower; a ring at the best."""
    ys = 100 * np.array([point.accuracy for point in points])
    pruned = np.array([point.pruned for point in points])
    best = int(np.argmax(np.where(pruned, -1, ys)))
    floor = max(ys[~pruned].min(), ys[best] - BELOW * (ys[best] - np.median(ys[~pruned])))
    margin = 0.06 * (ys[best] - floor) or 1.0
    low = ys < floor
    kinds = (
        ("done", ~pruned & ~low, "o", COLOURS[0]),
        ("pruned", pruned & ~low, "o", "none"),
        ("lower", low, "v", "none"),
    )
    for label, chosen, marker, face in kinds:
        if chosen.any():
            edge = MUTED if face == "none" else face
            heights = np.maximum(ys, floor - margin / 2)[chosen]
            axes.scatter(
                np.array(xs)[chosen], heights, s=22, marker=marker, facecolor=face, edgecolor=edge, label=label
            )
    ring = COLOURS[1]
    axes.scatter(xs[best], ys[best], s=110, facecolor="none", edgecolor=ring, linewidth=1.6, label="best trial")
    axes.set_ylim(floor - margin, ys.max() + margin)
    axes.grid(axis="y")


def _require_points(points: Sequence[TrialPoint], title: str) -> None:
    if not any(not point.pruned for point in points):
        raise ValueError(f"chart {title!r} must have a trial that came to its end: got none; draw it once there is one")
