"""Labels beside the points of a plane, where they cover nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D

from patchify.charts.style import MUTED, lay_out, wrap_label

COLUMNS = 26
"""Letters of a label's line."""
GAPS = 6 * 1.25 ** np.arange(18)
"""Points (1/72 inch) from a point to its label: the first at which there is room is taken."""
BESIDE = GAPS[1]
"""Labels farther off than this have a line to their point."""
ANGLES = np.deg2rad([0, 180, 90, 270, 45, 135, 315, 225, 20, 160, 70, 110, 340, 200, 290, 250])
"""Directions from a point to its label, the better ones first."""
TALLEST = 100.0
"""Inches that a figure may grow to for its labels; thirty in one place take 46."""
CLEAR = 4.0
"""Points (1/72 inch) that are kept free on each side of a mark."""
ALONG = 24.0
"""Points of the line to a label that may lie on marks: it may cross a curve, not run along an error bar."""


@dataclass(slots=True, kw_only=True)
class PointLabel:
    """What is written beside a point; x and y: the point, as the axes' numbers."""

    text: str
    x: float
    y: float
    colour: str


def label_points(figure: Figure, axes: Axes, labels: Sequence[PointLabel], marks: np.ndarray) -> None:
    """Write each label as near to its point as there is room, with a thin line to it where it is not beside it.

    Where the axes are too small for all of them, the figure grows. Fixes the layout, so it comes last. Raises
    ValueError for a label that finds no room in the tallest figure either.

    marks: (marks, 2) places to keep free, as the axes' numbers
    """
    look: dict[str, Any] = {
        "ha": "center",
        "va": "center",
        "fontsize": 8.5,
        "transform": axes.transAxes,
        "in_layout": False,
    }
    texts = [axes.text(0, 0, wrap_label(label.text, COLUMNS), color=label.colour, **look) for label in labels]
    sizes = np.array([text.get_window_extent().size for text in texts]) * 72 / figure.dpi
    while True:
        lay_out(figure)
        to_points = axes.transData + Affine2D().scale(72 / figure.dpi)
        points = to_points.transform([(label.x, label.y) for label in labels])
        room = axes.get_window_extent().get_points() * 72 / figure.dpi
        covered = np.unique(np.round(to_points.transform(marks)), axis=0)  # crowded marks are many times as many
        centres = beside(points, sizes, covered, room)
        if len(centres) == len(labels):
            break
        if figure.get_figheight() > TALLEST:
            raise ValueError(
                f"the label {labels[len(centres)].text!r} must find room in a chart of {TALLEST:g} inches: "
                "there is none; draw fewer points in one place, or give them shorter names"
            )
        figure.set_figheight(1.1 * figure.get_figheight())
    for text, size, point, centre in zip(texts, sizes, points, centres, strict=True):
        nearest = np.clip(point, centre - size / 2, centre + size / 2)  # place of the label to its point
        ends = (np.array([point, nearest, centre]) - room[0]) / (room[1] - room[0])  # as parts of the axes
        text.set_position(tuple(ends[2]))
        if np.hypot(*(nearest - point)) > BESIDE:
            axes.add_artist(Line2D(*ends[:2].T, transform=axes.transAxes, color=MUTED, linewidth=0.6, zorder=1))
    figure.set_layout_engine("none")


def beside(points: np.ndarray, sizes: np.ndarray, marks: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Centres of labels as near to their points as can be, one after another, up to the first that finds no room.

    Neither a label nor the line to its point covers another label, nor does the line run along marks.

    points, sizes: (labels, 2); marks: (marks, 2), kept free; room: (2, 2), its lower left and upper right corner;
    returns (labels that have room, 2). All in points (1/72 inch).
    """
    lows, highs = marks - CLEAR, marks + CLEAR  # of all that is taken, (taken, 2)
    directions = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    centres = np.empty((0, 2))
    for point, size in zip(points, sizes, strict=True):
        candidates = (point + directions * (GAPS[:, None, None] + size / 2)).reshape(-1, 2)  # gap and angle, x and y
        low, high = candidates - size / 2, candidates + size / 2
        lines = np.linspace(point, np.clip(point, low, high), 20, axis=1)  # candidate, place, x and y
        inside = ((low >= room[0]) & (high <= room[1])).all(axis=1)
        meets = ((low[:, None] < highs) & (high[:, None] > lows)).all(axis=2)  # candidate, taken
        crosses = np.all(np.abs(lines[:, :, None] - centres) < sizes[: len(centres)] / 2, axis=3)
        free = np.flatnonzero(inside & ~meets.any(axis=1) & ~np.any(crosses, axis=(1, 2)))
        first = next((candidate for candidate in free if not _along(lines[candidate], marks)), None)
        if first is None:
            break
        centres = np.vstack([centres, candidates[first]])
        lows = np.vstack([lows, lines[first], low[first]])
        highs = np.vstack([highs, lines[first], high[first]])
    return centres


def _along(line: np.ndarray, marks: np.ndarray) -> bool:
    """Whether a line, places (places, 2), hides or looks like marks (marks, 2) that it runs along."""
    on_marks = np.all(np.abs(line[:, None] - marks) < CLEAR, axis=2).any(axis=1)
    return bool(on_marks.mean() * np.linalg.norm(line[-1] - line[0]) > ALONG)
