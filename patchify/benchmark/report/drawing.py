"""The charts, from the table alone."""

from pathlib import Path

import pandas as pd

from patchify import charts
from patchify.benchmark.names import FLOOR, OTHERS, OURS

X_AXIS = "number of filters"
COLOURS = {OURS: 0, "pytorch": 1, "jax": 2, "einsum": 3, FLOOR: None}
NAMES = {OURS: "patchify", "pytorch": "PyTorch", "jax": "JAX", "einsum": "einsum", FLOOR: "its five\nmatrix products"}


def draw(results: pd.DataFrame, processor: str, folder: Path) -> list[Path]:
    """All charts, in files of each kind in the folder; returns what was written."""
    drawn = figures(results, processor)
    return [path for stem, figure in drawn.items() for path in charts.save(figure, folder / stem)]


def figures(results: pd.DataFrame, processor: str = "") -> dict[str, charts.Figure]:
    """Two charts for each number of threads, by the name of their files; processor: in their footers, where known."""
    found: dict[str, charts.Figure] = {}
    for threads, measured in results.groupby("threads"):
        many = f"{threads} thread{'' if threads == 1 else 's'}"
        fewest, most = measured["repeats"].min(), measured["repeats"].max()
        n = f"n = {fewest}" if fewest == most else f"n = {fewest} to {most}"
        where = ", ".join(filter(None, [processor, many, "batches of 100"]))
        footer = f"{where[0].upper()}{where[1:]}. Medians of {n} repeats; CPU time."
        stem = "" if threads == 1 else f"_{threads}_threads"
        found[f"microseconds{stem}"] = _microseconds(measured, many, footer)
        if any(name != FLOOR and name in set(measured["implementation"]) for name in OTHERS):
            bars = f"{footer[:-1]} over that of patchify in the same repeat. Bars: 95 % intervals of the median."
            found[f"ratio{stem}"] = _ratios(measured, many, bars)
    return found


def _microseconds(measured: pd.DataFrame, many: str, footer: str) -> charts.Figure:
    """A column of panels for each filter width, a row for each number of hidden units."""
    rows = [
        [
            charts.Panel(
                title=f"{f}×{f}, {nh} hidden",
                curves=[
                    charts.Curve(
                        label=label,
                        xs=[int(count) for count in found["nf"]],
                        ys=found["cpu_us"].tolist(),
                        low=None,
                        high=None,
                        colour=COLOURS[name],
                    )
                    for name, label in NAMES.items()
                    for found in [part[part["implementation"] == name]]
                    if len(found)
                ],
            )
            for f in sorted(set(measured["f"]))
            for part in [measured[(measured["f"] == f) & (measured["nh"] == nh)]]
        ]
        for nh in sorted(set(measured["nh"]))
    ]
    return charts.panel_chart(
        rows,
        title=f"How long does an update take, by filter width and hidden units? ({many})",
        x_axis=X_AXIS,
        y_axis="CPU time (µs)",
        footer=footer,
    )


def _ratios(measured: pd.DataFrame, many: str, footer: str) -> charts.Figure:
    """A column of panels for each implementation, a row for each number of hidden units, a curve a filter width."""
    widths = sorted(set(measured["f"]))
    rows = [
        [
            charts.Panel(
                title=f"{NAMES[name]}, {nh} hidden units",
                curves=[
                    charts.Curve(
                        label=f"{f}×{f} filters",
                        xs=[int(count) for count in found["nf"]],
                        ys=found["cpu_ratio"].tolist(),
                        low=found["cpu_ratio_low"].tolist(),
                        high=found["cpu_ratio_high"].tolist(),
                        colour=widths.index(int(str(f))),
                    )
                    for f, found in part.groupby("f")
                ],
            )
            for name in OTHERS
            if name != FLOOR and name in set(measured["implementation"])
            for part in [measured[(measured["implementation"] == name) & (measured["nh"] == nh)]]
        ]
        for nh in sorted(set(measured["nh"]))
    ]
    title = f"How many times as long as patchify's update do others take? ({many})"
    return charts.panel_chart(rows, title=title, x_axis=X_AXIS, y_axis="their time / ours", footer=footer, level=1.0)
