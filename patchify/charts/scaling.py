"""A loss, or accuracy, against training compute: networks of several widths, and a law fitted to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from patchify.charts.style import COLOURS, INK, MARKERS, MUTED, settle, sheet, styled


@dataclass(slots=True, kw_only=True)
class Lengths:
    """One network, trained for several lengths.

    filters, hidden: its widths; tflop: compute of each training, ascending
    mean: over seeds, one for each; half_width: half of the interval around each, or None with one seed
    best: of each, whether none that takes less compute is as good
    """

    filters: int
    hidden: int
    tflop: list[float]
    mean: list[float]
    half_width: list[float] | None
    best: list[bool]


@dataclass(slots=True, kw_only=True)
class LawBand:
    """A law of compute with its interval: one number for each of `tflop`; measured: where its data ends, in TFLOP."""

    tflop: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    measured: float


@styled()
def scaling_chart(
    networks: Sequence[Lengths], law: LawBand, *, title: str, axis: str, footer: str, scale: float = 1.0
) -> Figure:
    """Means against compute, colours by filters and markers by hidden units, with the law dashed beyond its data.

    axis: the quantity and its unit
    footer: data set, runs, and what error bars and band mean
    scale: factor on all numbers, as 100 from fractions to per cent
    """
    if not networks:
        raise ValueError(f"chart {title!r} must have a network: got none; draw it once there are runs")
    figure = sheet(title=title, footer=footer, height=4.8)
    axes = figure.subplots()
    axes.set_xscale("log")
    _draw_law(axes, law, scale)
    colours = {count: COLOURS[i % len(COLOURS)] for i, count in enumerate(sorted({n.filters for n in networks}))}
    markers = {count: MARKERS[i % len(MARKERS)] for i, count in enumerate(sorted({n.hidden for n in networks}))}
    for network in networks:
        mean, colour, marker = scale * np.array(network.mean), colours[network.filters], markers[network.hidden]
        axes.plot(network.tflop, mean, color=colour, marker=marker, linewidth=1.0, alpha=0.9)
        if network.half_width is not None:
            half_width = scale * np.array(network.half_width)
            axes.errorbar(network.tflop, mean, yerr=half_width, fmt="none", ecolor=colour, elinewidth=1.2, capsize=2)
        best = np.array(network.best)
        axes.scatter(np.array(network.tflop)[best], mean[best], s=75, facecolor="none", edgecolor=INK, zorder=3)
    axes.set_xlabel("training compute (TFLOP)")
    axes.set_ylabel(axis)
    axes.grid(axis="both")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    figure.legend(
        handles=_legend(colours, markers, beyond=law.tflop[-1] > law.measured),
        loc="outside right center",
        labelcolor=INK,
    )
    settle(figure)
    return figure


def _draw_law(axes: Axes, law: LawBand, scale: float) -> None:
    """Behind everything else; solid up to its data's end."""
    tflop, mean = np.array(law.tflop), scale * np.array(law.mean)
    axes.fill_between(tflop, scale * np.array(law.low), scale * np.array(law.high), color=MUTED, alpha=0.2, linewidth=0)
    for part, style in ((tflop <= law.measured, "-"), (tflop >= law.measured, "--")):
        axes.plot(tflop[part], mean[part], color=INK, linestyle=style)


def _legend(colours: dict[int, str], markers: dict[int, str], *, beyond: bool) -> list[Line2D]:
    return [
        *(Line2D([], [], color=colour, label=f"{count} filters") for count, colour in colours.items()),
        *(
            Line2D([], [], linestyle="none", color=MUTED, marker=marker, label=f"{count} hidden units")
            for count, marker in markers.items()
        ),
        Line2D([], [], linestyle="none", marker="o", markersize=8, mfc="none", mec=INK, label="frontier"),
        Line2D([], [], color=INK, label="law, best split"),
        *([Line2D([], [], color=INK, linestyle="--", label="beyond the data")] if beyond else []),
    ]
