"""Charts for the tests to look at, and how to look at them."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from patchify.charts import (
    Bar,
    Curve,
    GainPanel,
    LawBand,
    Lengths,
    Line,
    Panel,
    Range,
    Spot,
    bar_chart,
    confusion_matrix,
    filter_grid,
    frontier_chart,
    gain_chart,
    line_chart,
    panel_chart,
    scaling_chart,
    training_curves,
)
from patchify.charts.style import styled

FOOTER = (
    "CIFAR-10 (JPEG copy), 49,000 training images; error bars: 95 % interval of the mean over n seeds (Student's t)."
)


def architectures(n: int = 3) -> list[Bar]:
    means = {"arch1": 0.506, "arch2": 0.562, "arch3": 0.585, "arch4": 0.565}
    return [Bar(label=k, mean=v, half_width=0.004 if n > 1 else None, n=n) for k, v in means.items()]


def accuracy_bars(bars: Sequence[Bar]) -> Figure:
    return bar_chart(bars, title="Which filter width?", axis="test accuracy (%)", footer=FOOTER, scale=100, decimals=1)


def loss_line(label: str = "arch2", *, end: float = 1.2, first: float = 2.4, dashed: bool = False, **more: Any) -> Line:
    steps = list(range(0, 12_000, 800))
    mean = [first, *np.linspace(1.6, end, len(steps) - 1).tolist()]
    settings = {"half_width": [0.02] * len(steps), "colour": 0, **more}
    return Line(label=label, steps=steps, mean=mean, dashed=dashed, **settings)


def loss_chart(lines: Sequence[Line], **more: Any) -> Figure:
    return line_chart(lines, title="Do more updates help?", axis="loss (nats)", footer=FOOTER, **more)


def sawtooth(step: int) -> float:
    return 0.1 - 0.001 * (step % 100)


def curves(steps: Sequence[int] = (0, 50, 100, 150, 200)) -> Figure:
    losses = {name: [2.4 - 0.1 * i for i in range(len(steps))] for name in ("train", "validation", "test")}
    accuracies = {name: [0.1 + 0.1 * i for i in range(len(steps))] for name in ("train", "validation", "test")}
    return training_curves(steps=steps, losses=losses, accuracies=accuracies, schedule=sawtooth, title="arch3 · seed 1")


def some_filters(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(count).normal(0, 0.1, (count, side, side, 3))


def mistakes() -> Figure:
    return confusion_matrix(np.array([[3, 1], [0, 0]]), ["cat", "dog"], "arch3 · seed 1")


def ratio_curve(label: str = "2×2 filters", *, scale: float = 1.0, colour: int = 0) -> Curve:
    ys = [scale * y for y in (4.0, 3.0, 2.0, 1.5)]
    low, high = [0.9 * y for y in ys], [1.1 * y for y in ys]
    return Curve(label=label, xs=[3, 10, 40, 160], ys=ys, low=low, high=high, colour=colour)


def ratios(rows: Sequence[Sequence[Panel]]) -> Figure:
    title = "How many times as long?"
    return panel_chart(
        rows, title=title, x_axis="number of filters", y_axis="their time / ours", footer=FOOTER, level=1
    )


def gain_panel(title: str, n: int = 3) -> GainPanel:
    means = {"flip shift": 0.028, "momentum": 0.005, "dropout": -0.003}
    half_width = 0.004 if n > 1 else None
    return GainPanel(title=title, gains=[Bar(label=k, mean=v, half_width=half_width, n=n) for k, v in means.items()])


Points = dict[str, tuple[float, float, float | None]]

SINGLE_VIEW: Points = {
    "arch1": (0.08, 0.505, 0.007),
    "arch2": (0.07, 0.566, 0.009),
    "arch2 · growth=2.0": (0.13, 0.583, 0.013),
    "arch3": (0.11, 0.576, 0.009),
    "arch3 · growth=2.0": (0.20, 0.609, 0.007),
    "arch4": (0.27, 0.567, 0.005),
    "arch2_wide": (0.44, 0.640, 0.006),
    "arch5 · label_smoothing=0": (3.27, 0.656, 0.010),
    "arch5 · label_smoothing=0.1": (3.36, 0.660, 0.003),
    "recipe · updates=400": (0.9, 0.55, 0.004),
    "recipe · updates=1600": (3.6, 0.66, 0.004),
    "recipe · updates=6400": (14.4, 0.73, None),
    "best_quick": (20.0, 0.745, 0.004),
    "best": (80.0, 0.77, 0.003),
}
VIEWS: Points = {
    "recipe · updates=1600": (3.6, 0.685, 0.004),
    "best_quick": (20.0, 0.768, 0.004),
    "best": (80.0, 0.79, 0.003),
}
PUBLISHED = [
    Range(label="13–96 s", x=(0.217, 1.6), y=(0.559, 0.576)),
    Range(label="231–692 s", x=(3.85, 11.5), y=(0.656, 0.663)),
    Range(label="6,945 s", x=(115.75, 115.75), y=(0.749, 0.749)),
]


def spots(points: Points) -> list[Spot]:
    return [Spot(label=label, x=x, y=y, half_width=half) for label, (x, y, half) in points.items()]


def drawn_points(figure: Figure, series: str) -> list[list[float]]:
    """The points that the line of this name in the legend goes through."""
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == series]
    points: list[list[float]] = np.array(line.get_xydata(), float).tolist()
    return points


def minutes(series: dict[str, list[Spot]], published: Sequence[Range] = PUBLISHED) -> Figure:
    axes = {"x_axis": "training time (core-minutes)", "y_axis": "accuracy (%)"}
    return frontier_chart(series, published, title="What does a minute buy?", **axes, footer=FOOTER, scale=100)


def lengths(filters: int = 16, hidden: int = 100, *, n: int = 2) -> Lengths:
    tflop = [0.00003 * filters * hidden * times for times in (1.0, 2.0, 4.0)]
    mean = [1.2 * compute**-0.1 for compute in tflop]
    half_width = [0.01] * 3 if n > 1 else None
    return Lengths(
        filters=filters, hidden=hidden, tflop=tflop, mean=mean, half_width=half_width, best=[True, False, True]
    )


def law_band() -> LawBand:
    tflop = np.geomspace(0.05, 100, 9)
    mean = 1.15 * tflop**-0.1
    low, high = (mean * factor for factor in (0.98, 1.02))
    return LawBand(
        tflop=tflop.tolist(), mean=mean.tolist(), low=low.tolist(), high=high.tolist(), measured=float(tflop[5])
    )


def scaled(networks: Sequence[Lengths]) -> Figure:
    title = "Test loss against training compute"
    return scaling_chart(networks, law_band(), title=title, axis="test loss (nats)", footer=FOOTER)


CHARTS: dict[str, Callable[[], Figure]] = {
    "bars": lambda: accuracy_bars(architectures()),
    "lines": lambda: loss_chart([loss_line(), loss_line("arch3", dashed=True, colour=1)]),
    "curves": curves,
    "filters": lambda: filter_grid([some_filters(3, 2), some_filters(10, 4)], "multi_size · seed 0"),
    "confusion": mistakes,
    "gains": lambda: gain_chart(
        [gain_panel("added to start"), gain_panel("left out of all")],
        title="Which improvement?",
        axis="difference in test accuracy (percentage points)",
        footer=FOOTER,
        scale=100,
    ),
    "frontier": lambda: minutes({"test accuracy": spots(SINGLE_VIEW), "over views": spots(VIEWS)}),
    "scaling": lambda: scaled([lengths(filters, hidden) for filters in (16, 40) for hidden in (100, 900)]),
    "panels": lambda: ratios([[Panel(title=name, curves=[ratio_curve()]) for name in ("PyTorch", "JAX")]] * 2),
}


@cache
def built(chart: str) -> Figure:
    """One of CHARTS, shared by the tests that only look at it."""
    return CHARTS[chart]()


def words(figure: Figure) -> list[str]:
    """Everything written in a figure, line breaks as spaces."""
    return [text.get_text().replace("\n", " ") for text in written(figure)]


def written(figure: Figure) -> list[Text]:
    """The texts of a figure, without the ticks that Matplotlib keeps but does not draw."""
    hidden = []
    for axes in figure.axes:
        for axis, part in ((axes.xaxis, 0), (axes.yaxis, 1)):
            low, high = sorted(axis.get_view_interval())
            outside = [tick for tick in axis.get_ticklabels() if not low <= tick.get_position()[part] <= high]
            hidden += outside if axes.axison else axis.get_ticklabels()
    texts: list[Text] = figure.findobj(Text)
    return [text for text in texts if text.get_text().strip() and text.get_visible() and text not in hidden]


def assert_readable(figure: Figure, dpi: int = 200) -> None:
    """No text overlaps another or leaves the figure, at the resolution of the PNG unless told."""
    with styled():
        figure.set_dpi(dpi)
        figure.draw_without_rendering()
        boxes = [(text, text.get_window_extent()) for text in written(figure)]
    right, top = figure.bbox.size
    for text, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= right and box.y1 <= top
        assert inside, f"{text} leaves the figure: {box}"
    for (text, box), (other, other_box) in combinations(boxes, 2):
        slanted = text.get_rotation() == other.get_rotation() == 40  # their boxes cross, they do not
        assert slanted or not box.overlaps(other_box), f"{text} overlaps {other}"
