"""Lines against updates: what charts of many runs and of one run share."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from patchify.charts.style import COLOURS, INK, MARKERS, MUTED, lay_out, wrap_label

LABEL_X = 1.035
"""Where labels of line ends begin, in widths of the axes."""
LABEL_COLUMNS = 30
"""Letters of a label's line."""


@dataclass(slots=True, kw_only=True)
class Line:
    """One quantity at some updates, as the mean over runs.

    label: written at the line's end
    steps: updates at which it was recorded, ascending
    mean: one number a step
    half_width: half of the interval around each mean, or None where there is a single run
    dashed: whether it was measured on the images trained on; solid lines are of other images
    colour: index; lines of the same runs share it
    baseline: whether the others are compared with it: black, and thicker
    cycles: updates at which a cycle of the learning rate ended and another began
    """

    label: str
    steps: list[int]
    mean: list[float]
    half_width: list[float] | None
    dashed: bool
    colour: int
    baseline: bool = False
    cycles: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        lengths = [len(self.steps), len(self.mean), len(self.mean if self.half_width is None else self.half_width)]
        if len(set(lengths)) > 1 or not self.steps:
            raise ValueError(
                f"line {self.label!r} must have a mean (and a half_width) at each of its steps: "
                f"got {lengths[0]} steps, {lengths[1]} means, {lengths[2]} half widths; leave out what was not recorded"
            )
        finite = np.isfinite(self.band()).all(axis=0)
        if not finite.all():
            bad = int(np.argmin(finite))
            width = 0.0 if self.half_width is None else self.half_width[bad]
            raise ValueError(
                f"line {self.label!r} must be finite: got {self.mean[bad]} ± {width} at update {self.steps[bad]}; "
                "leave out runs that did not finish"
            )

    @property
    def ink(self) -> str:
        """Its colour."""
        return INK if self.baseline else COLOURS[self.colour % len(COLOURS)]

    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper end of the interval, (steps,) each."""
        half_width = np.zeros(len(self.mean)) if self.half_width is None else np.array(self.half_width)
        return np.array(self.mean) - half_width, np.array(self.mean) + half_width


def draw_lines(axes: Axes, lines: Sequence[Line], *, scale: float = 1.0, log: bool = False) -> None:
    """Draw lines with their bands, times `scale`, and choose limits for reading them."""
    if log:
        lowest = min(min(line.mean) for line in lines)
        if lowest <= 0:
            raise ValueError(f"a log axis must have positive means: got {lowest}; choose a linear one")
        axes.set_yscale("log")
    for line in lines:
        colour, marker = line.ink, MARKERS[line.colour % len(MARKERS)]
        if line.half_width is not None:
            low, high = line.band()
            axes.fill_between(line.steps, scale * low, scale * high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            line.steps,
            scale * np.array(line.mean),
            color=colour,
            linestyle="--" if line.dashed else "-",
            linewidth=2.4 if line.baseline else 1.6,
            marker=marker,
            markerfacecolor="white" if line.dashed else colour,
            markevery=-(-len(line.steps) // 20),  # more markers would hide the line
            label=line.label,
        )
    _limit(axes, lines, scale, log)
    _mark_cycles(axes, lines, scale)
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 4, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    if log:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())


def _mark_cycles(axes: Axes, lines: Sequence[Line], scale: float) -> None:
    """Where cycles end: a line from top to bottom where all with cycles agree, else a stroke on each of the lines."""
    ends = {tuple(line.cycles) for line in lines if line.cycles}
    if len(ends) == 1:
        for end in ends.pop():
            axes.axvline(end, color=MUTED, linewidth=0.9, linestyle=":", zorder=0.9)
        return
    for line in lines:
        heights = scale * np.interp(line.cycles, line.steps, line.mean)
        axes.plot(line.cycles, heights, linestyle="none", marker="|", markersize=14, color=line.ink)


def _limit(axes: Axes, lines: Sequence[Line], scale: float, log: bool) -> None:
    """Fit the limits to the data; leave update 0 out, and say so, where it would take over a third of the height."""
    steps = np.concatenate([line.steps for line in lines])
    ends = scale * np.concatenate([line.band() for line in lines], axis=1)  # low and high, steps of all lines
    if log:  # a band may reach down to zero, which a log axis never does
        means = scale * np.concatenate([line.mean for line in lines])
        ends = np.log10(np.maximum(ends, means / 3))
    shown = ends[:, steps > 0] if (steps > 0).any() else ends
    low, high = shown.min(), shown.max()
    span = high - low or abs(high) or 1.0
    if ends.min() >= low - span / 2 and ends.max() <= high + span / 2:
        low, high = ends.min(), ends.max()
    else:
        first = [scale * line.mean[0] for line in lines if line.steps[0] == 0]
        text = " to ".join(sorted({f"{min(first):#.3g}", f"{max(first):#.3g}"}, key=float))
        bounds = (10**low, 10**high) if log else (low, high)
        inside = bounds[0] <= min(first) and max(first) <= bounds[1]  # then only bands are cut
        axes.set_title("bands at update 0 are cut" if inside else f"update 0, outside of this axis: {text}")
    margin = 0.05 * (high - low or span)
    limits = (low - margin, high + margin)
    axes.set_ylim((10 ** limits[0], 10 ** limits[1]) if log else limits)
    last = steps.max()
    axes.set_xlim(-0.015 * last, 1.015 * last) if last else axes.set_xlim(-1, 1)


def label_ends(figure: Figure, panels: Sequence[tuple[Axes, Sequence[Line], float]]) -> None:
    """Write each line's label to the right of its end, moved up or down until none overlaps another.

    Where the axes are too low for all of them, the figure grows. Fixes the layout, so it comes last.

    panels: axes, the lines drawn in them, and the factor on their numbers
    """
    labelled = [(*panel, _labels(*panel[:2])) for panel in panels]
    lay_out(figure)
    while max(_heights(axes, texts).sum() for axes, _, _, texts in labelled) > 1:
        figure.set_figheight(1.1 * figure.get_figheight())
        lay_out(figure)
    for axes, lines, scale, texts in labelled:
        ends = [(line.steps[-1], scale * line.mean[-1]) for line in lines]
        points = axes.transAxes.inverted().transform(axes.transData.transform(ends))
        for text, line, point, y in zip(texts, lines, points, spread(points[:, 1], _heights(axes, texts)), strict=True):
            text.set_y(y)
            _lead(axes, text, point, line.ink)
    figure.set_layout_engine("none")


def _labels(axes: Axes, lines: Sequence[Line]) -> list[Text]:
    names = [wrap_label(line.label, LABEL_COLUMNS) for line in lines]
    return [axes.text(LABEL_X, 0.5, name, transform=axes.transAxes, va="center", color=INK) for name in names]


def _heights(axes: Axes, texts: Sequence[Text]) -> np.ndarray:
    """Heights of texts with some air, in heights of the axes."""
    return np.array([1.15 * text.get_window_extent().height for text in texts]) / axes.get_window_extent().height


def _lead(axes: Axes, text: Text, point: np.ndarray, colour: str) -> None:
    """A thin line from the end of a curve, `point` (2,), to its label."""
    xs, ys = (point[0] + 0.01, LABEL_X - 0.005), (point[1], text.get_position()[1])
    axes.add_artist(Line2D(xs, ys, transform=axes.transAxes, color=colour, linewidth=0.9, clip_on=False))


def spread(wanted: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Centres of labels of some heights, in [0, 1], none overlapping, as near to the wanted ones as can be.

    Least squares: with the heights below each label subtracted, labels that keep their order without overlap
    are a sequence that does not fall, so this is isotonic regression (max-min formula; Barlow et al. 1972).

    wanted, heights: (labels,) with heights summing to at most 1; returns (labels,)
    """
    order = np.argsort(wanted, kind="stable")
    tall = heights[order]
    below = np.cumsum(tall) - tall[0] / 2 - tall / 2
    free = wanted[order] - below
    first, last = np.indices((len(free), len(free)))
    sums = np.append(0.0, np.cumsum(free))
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(
            first <= last, (sums[last + 1] - sums[first]) / (last + 1 - first), np.inf
        )  # from first to last
    lowest = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]  # of those that end there or later
    rising = np.maximum.accumulate(lowest, axis=0).diagonal()
    centres = np.empty(len(free))
    centres[order] = np.clip(rising, tall[0] / 2, 1 - tall[-1] / 2 - below[-1]) + below
    return centres


def key(axes: Axes) -> None:
    """Say above the axes what dashed and solid lines are."""
    train = Line2D([], [], color=MUTED, linestyle="--", marker="o", markerfacecolor="white", label="train")
    other = Line2D([], [], color=MUTED, linestyle="-", marker="o", label="test or validation")
    axes.legend(handles=[train, other], loc="lower right", bbox_to_anchor=(1, 0.99), ncols=2, handlelength=3.2)
