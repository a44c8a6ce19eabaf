"""Charts of one run: its curves, its filters, its mistakes."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from patchify.charts.lines import LABEL_COLUMNS, Line, draw_lines, label_ends
from patchify.charts.style import DPI, INK, MARGIN, WIDTH, Margins, picture, settle, sheet, styled

CELL = 64
"""Pixels along a filter in the grid: a multiple of every filter width, so that each weight is a whole square."""
GAP = 6
"""Pixels between filters."""
ROW = 7.6
"""Inches of a full row of filters."""
LETTER = 0.085
"""Inches across a letter of a label, a broad one."""
CAPTION = 0.28
"""Inches of a line above the axes."""


@styled()
def training_curves(
    *,
    steps: Sequence[int],
    losses: Mapping[str, Sequence[float]],
    accuracies: Mapping[str, Sequence[float]],
    schedule: Callable[[int], float],
    title: str,
) -> Figure:
    """Loss, accuracy in per cent, and learning rate of one run against updates.

    steps: updates of the records, ascending
    losses, accuracies: by the images' name ("train" is drawn dashed), one number a record; accuracies as fractions
    schedule: learning rate of the update after so many; drawn at every update, as records skip a restart's fall
    """
    columns = min(LABEL_COLUMNS, max(len(f"{name} 00.0 %") for name in losses))
    layout = Margins(left=0.75, right=0.3 + LETTER * columns, top=CAPTION, bottom=0.45, between=CAPTION)
    figure = sheet(title=title, footer="", height=7.0, layout=layout)
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 1.3])
    panels = (
        (upper, losses, 1.0, "loss (cross-entropy, nats)", "{:.2f}"),
        (middle, accuracies, 100.0, "accuracy (%)", "{:.1f} %"),
    )
    drawn = []
    for axes, curves, scale, axis, number in panels:
        lines = [
            Line(
                label=f"{name} {number.format(scale * values[-1])}",
                steps=list(steps),
                mean=list(values),
                half_width=None,
                dashed=name == "train",
                colour=colour,
            )
            for colour, (name, values) in enumerate(curves.items())
        ]
        draw_lines(axes, lines, scale=scale)
        axes.set_ylabel(axis)
        drawn.append((axes, lines, scale))
    updates = range(max(steps[-1], 1))
    lower.plot(updates, [schedule(step) for step in updates], color=INK, linewidth=1.3)
    lower.set_ylim(bottom=0)
    lower.set_ylabel("learning rate")
    lower.set_xlabel("updates")
    lower.grid(axis="y")
    figure.align_ylabels()
    label_ends(figure, drawn)
    return figure


@styled()
def filter_grid(filters: Sequence[np.ndarray], title: str) -> Figure:
    """Filters as small pictures, a block for each filter size, in the network's order.

    Each filter is scaled by its own largest weight: colour = 1/2 + w / (2 max |w|), so that zero is mid-grey.

    filters: (F, side, side, 3) for each size: row, column, and R, G, B
    """
    columns = [10 if len(block) <= 40 else 20 if len(block) <= 320 else 40 for block in filters]
    cells = [ROW / count for count in columns]  # inches
    heights = [cell * -(-len(block) // count) for block, count, cell in zip(filters, columns, cells, strict=True)]
    footer = (
        "Each filter is scaled by its own largest weight: mid-grey is 0, bright is +max |w|, dark is −max |w|, "
        "in red, green and blue alike."
    )
    layout = Margins(left=MARGIN, right=MARGIN, top=CAPTION, bottom=MARGIN, between=CAPTION)
    figure = sheet(title=title, footer=footer, height=0.75 + sum(heights) + CAPTION * len(heights), layout=layout)
    all_axes = figure.subplots(len(filters), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, block, count, cell, height in zip(all_axes, filters, columns, cells, heights, strict=True):
        width = cell * min(count, len(block))
        axes.imshow(_mosaic(block, min(count, len(block))), extent=(0, width, height, 0), interpolation="none")
        axes.set(xlim=(0, ROW), ylim=(height, 0), anchor="NW")  # one scale for all blocks, also for short rows
        axes.set_title(f"{len(block)} filter{'s' * (len(block) > 1)} of {block.shape[1]} × {block.shape[2]} pixels")
        axes.set_axis_off()
    settle(figure)
    return figure


def _mosaic(filters: np.ndarray, columns: int) -> np.ndarray:
    """Filters (F, side, side, 3) side by side in rows of `columns`, as one image in [0, 1] on white."""
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    shades = 0.5 + 0.5 * filters / np.where(largest > 0, largest, 1)
    enlarge = CELL // filters.shape[1]
    tiles = shades.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    rows = -(-len(tiles) // columns)
    empty = rows * columns - len(tiles)
    tiles = np.pad(tiles, [(0, empty), (0, GAP), (0, GAP), (0, 0)], constant_values=1.0)
    side = tiles.shape[1]
    tiles = tiles.reshape(rows, columns, side, side, 3).swapaxes(1, 2)  # row, y, column, x
    return tiles.reshape(rows * side, columns * side, 3)


@styled()
def confusion_matrix(counts: np.ndarray, class_names: Sequence[str], title: str) -> Figure:
    """How often images of each class are taken for each class, in per cent of the images of the true class.

    counts: (C, C) images, row the true class, column the predicted one
    class_names: C of them, in the order of the rows
    """
    classes = len(class_names)
    if counts.shape != (classes, classes):
        raise ValueError(
            f"a confusion matrix must have a row and a column for each of {classes} classes: "
            f"got shape {counts.shape}; name every class"
        )
    images = counts.sum(axis=1, keepdims=True)
    shares = 100 * counts / np.maximum(images, 1)
    right = np.trace(counts)
    footer = (
        "Per cent of the images of each true class (rows add up to 100), blank below one half. "
        f"Classified right: {right:,} of {counts.sum():,} images, {100 * right / max(counts.sum(), 1):.1f} %."
    )
    rows = [f"{name}  ({int(n):,})" for name, n in zip(class_names, images[:, 0], strict=True)]
    left = 0.5 + LETTER * max(map(len, rows))
    below = 0.55 + 0.65 * LETTER * max(map(len, class_names))
    side = min(max(0.58 * classes, 2.2), WIDTH - left - CAPTION)
    layout = Margins(left=left, right=WIDTH - left - side, top=CAPTION, bottom=below)
    figure = sheet(title=title, footer=footer, height=side + below + 0.75, layout=layout)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for (row, column), share in np.ndenumerate(shares):
        if images[row] and share <= 0.5:  # each text takes half a millisecond
            continue
        colour = "white" if share > 55 else INK
        weight = "bold" if row == column else "normal"
        number = f"{share:.0f}" if images[row] else "–"
        text = axes.text(column, row, number, ha="center", va="center", color=colour, fontweight=weight, fontsize=9)
        text.set_in_layout(False)  # it lies within the axes; measured: a hundred of them take a third of the time
    axes.set_yticks(range(classes), rows)
    axes.set_xticks(range(classes), class_names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_ylabel("true class (images)")
    axes.set_xlabel("predicted class")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    settle(figure)
    return figure


def rehearse() -> None:
    """Draw a picture for nobody: what Matplotlib loads with its first, processes forked later are born with."""
    picture(confusion_matrix(np.eye(2, dtype=int), ["a", "b"], "rehearsal"), ".png", dpi=DPI)
