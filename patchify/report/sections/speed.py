"""The comparison with PyTorch, JAX and einsum."""

from pathlib import Path

import pandas as pd

from patchify import charts
from patchify.benchmark.names import OTHERS, OURS
from patchify.benchmark.report.drawing import NAMES, figures
from patchify.benchmark.report.findings import findings
from patchify.benchmark.results import KEYS
from patchify.report.blocks import Block, Figure, Points, Question, Table
from patchify.report.reading import measured_times


def speed(folder: Path) -> list[Block]:
    """What the numbers show, charts where there are curves, and all medians with the fewest threads.

    Raises ResultsError.
    """
    results = measured_times(folder)
    if results is None:
        return []
    measured = results[results["threads"] == results["threads"].min()]
    curves = measured.groupby(["f", "nh"])["nf"].nunique().max() > 1  # none in a quick comparison
    drawn = [charts.with_caption(figure) for figure in figures(measured).values()] if curves else []
    return [
        Question(text="How long does an update take beside other libraries?"),
        Points(items=findings(results)),
        *(Figure(svg=svg, caption=caption) for svg, caption in drawn),
        _medians(measured),
    ]


def _medians(measured: pd.DataFrame) -> Table:
    others = [name for name in OTHERS if name in set(measured["implementation"])]
    rows = []
    for (f, nf, nh), cell in measured.groupby(KEYS[1:]):
        by_name = cell.set_index("implementation")
        ratios = [f"{by_name['cpu_ratio'][name]:.2f}" for name in others]
        rows.append([f"{f}×{f}", str(nf), str(nh), f"{by_name['cpu_us'][OURS]:,.0f}", *ratios])
    ratio_of = [f"{' '.join(NAMES[name].split())} / ours" for name in others]
    threads = measured["threads"].iloc[0]
    return Table(
        headings=["filters", "number", "hidden units", "ours (µs)", *ratio_of],
        rows=rows,
        caption=f"CPU time of an update, {threads} thread{'' if threads == 1 else 's'}, batches of 100: medians, and "
        "medians of the others' time over ours in the same repeat.",
    )
