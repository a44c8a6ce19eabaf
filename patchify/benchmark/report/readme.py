"""The README of the comparison, written from the table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from patchify.benchmark.cells import CHECKED
from patchify.benchmark.implementations.agreement import TOLERANCE
from patchify.benchmark.names import FLOOR, OTHERS, OURS
from patchify.benchmark.report.findings import findings
from patchify.benchmark.results import KEYS, headline
from patchify.benchmark.task import BATCH, L2

QUESTION = "How long does an update take beside PyTorch, JAX, the assignment's einsum, and its matrix products alone?"


def readme(
    study: str, results: pd.DataFrame, *, machine: Mapping[str, str], images: int, command: str, charts: Sequence[str]
) -> str:
    """The README as Markdown; machine: what is measured on and with; charts: file names."""
    return "\n".join(
        [
            f"# {study}",
            "",
            QUESTION,
            "",
            *_headlines(results),
            "",
            "floor: our time over that of its five large matrix products alone; the others: their time over ours.",
            "Geometric means over all networks, of the CPU time of all threads and of the time by the clock.",
            "",
            "## What the numbers show",
            "",
            *(f"- {sentence}" for sentence in findings(results)),
            "",
            *(f"![{name.partition('.')[0].replace('_', ' ')}]({name})\n" for name in charts),
            "## Every network",
            "",
            *_cells(results),
            "",
            "CPU time: microseconds of patchify's update, then the others' time over it with the 95 % interval of the",
            "median. By the clock, too: [results.csv](results.csv).",
            "",
            "## How it was measured",
            "",
            *_method(results, images, command),
            "",
            *_rows(["", ""], machine.items()),
            "",
        ]
    )


def _headlines(results: pd.DataFrame) -> Iterator[str]:
    rows = []
    for threads, measured in results.groupby("threads"):
        for clock, name in (("cpu", "CPU"), ("wall", "clock")):
            means = headline(measured, clock)
            rows.append([str(threads), name, *(f"{means[other]:.2f}" for other in OTHERS)])
    yield from _rows(["threads", "time", *OTHERS], rows)


def _cells(results: pd.DataFrame) -> Iterator[str]:
    others = [name for name in OTHERS if name in set(results["implementation"])]
    rows = []
    for key, cell in results.groupby(KEYS):
        by_name = cell.set_index("implementation")
        ratios = [_ratio(by_name, name) for name in others]
        rows.append([*map(str, key), f"{by_name['cpu_us'][OURS]:,.0f}", *ratios])
    headings = [f"{name} / ours" for name in others]
    yield from _rows([*KEYS, "ours (µs)", *headings], rows)


def _ratio(by_name: pd.DataFrame, name: str) -> str:
    middle, low, high = (by_name[column][name] for column in ("cpu_ratio", "cpu_ratio_low", "cpu_ratio_high"))
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _rows(headings: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A Markdown table."""
    for row in (headings, ["---"] * len(headings), *rows):
        yield f"| {' | '.join(row)} |"


def _method(results: pd.DataFrame, images: int, command: str) -> list[str]:
    fewest, most = results["repeats"].min(), results["repeats"].max()
    names = set(results["implementation"])
    how = {
        OURS: "patchify: the update that trains, `patchify/core/training/update.py`.",
        "pytorch": "pytorch: conv2d, autograd and SGD, eager; images as (N, 3, 32, 32).",
        "jax": "jax: a block of updates is one jitted scan with donated parameters; images as patches (N, P, 3f²).",
        "einsum": "einsum: Exercises 1 and 2 of the assignment; MX (P, 3f², N) is made once for all images.",
        FLOOR: "floor: x F, h W1, hᵀ d, d W1ᵀ and xᵀ dh, one `np.matmul` each into arrays that are there.",
    }
    return [
        f"- `{command}`: float32, batches of {BATCH} among {images:,} random images, SGD, L2 {L2} on weights. Every",
        "  update takes its batch by the positions of its images, goes forward and backward, and moves the parameters.",
        f"- All start from the same weights; their losses over {CHECKED} updates agreed within {TOLERANCE:g}.",
        *(f"- {text}" for name, text in how.items() if name in names),
        "- A fresh process for each number of threads, kept to as many cores. Each repeat times a block of updates",
        "  of every implementation, in an order that rotates, and ratios are of blocks of one repeat;",
        f"  {fewest} to {most} repeats.",
    ]
