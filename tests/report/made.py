"""Made-up folders of results, of the form that summarize, gradcheck and the benchmark give them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from patchify.benchmark.cells import GRID, Cell
from patchify.benchmark.results import table
from patchify.gradcheck.debug_comparison import Row
from patchify.gradcheck.evidence import write_differences, write_errors
from patchify.report.blocks import Block, Document, Figure, Paragraph, Points, Question, Table
from patchify.report.document import document
from patchify.report.text import Text
from tests.benchmark.measured import made_up
from tests.study import grids

ACCURACIES = {"arch1": [0.50, 0.51, 0.49], "arch2": [0.560, 0.566, 0.563], "arch3": [0.591, 0.598, 0.594]}


def study(
    folder: Path,
    accuracies: Mapping[str, Sequence[float]] = ACCURACIES,
    *,
    updates: int = 40,
    gaps: Mapping[str, float] | None = None,
    data: str = "textures",
) -> pd.DataFrame:
    """Results and histories of groups of runs with these accuracies by seed; gaps: test loss less training loss."""
    rows = pd.DataFrame(
        {
            "run_id": f"{run}{seed}",
            "data": data,
            "run": run,
            "seed": seed,
            "updates": updates,
            "cycle_ends": "[]",
            "train_flops": updates * 1000,
            "train_loss": 1.5 - accuracy - (gaps or {}).get(run, 0.1),
            "train_accuracy": accuracy + 0.05,
            "validation_accuracy": accuracy,
            "test_loss": 1.5 - accuracy,
            "test_accuracy": accuracy,
            "train_seconds": 4.0 + seed / 10 + 10 * accuracy,
        }
        for run, by_seed in accuracies.items()
        for seed, accuracy in enumerate(by_seed)
    )
    records = pd.concat(
        rows[["run_id", "run", "seed"]].assign(
            step=step, **{column.replace("_", "/"): rows[column] + (step < updates) for column in METRICS}
        )
        for step in (0, updates // 2, updates)
    )
    folder.mkdir(parents=True)
    rows.to_csv(folder / "results.csv", index=False)
    records.to_csv(folder / "history.csv", index=False)
    return rows


METRICS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")


def scaling(folder: Path) -> None:
    """The grid whose law is known."""
    found = grids.made_up()
    results = found.results.assign(
        data=found.about, train_loss=1.0, train_accuracy=0.5, validation_accuracy=0.5, train_seconds=1.0
    )
    folder.mkdir(parents=True)
    results.to_csv(folder / "results.csv", index=False)
    results.rename(columns={"updates": "step"})[["run", "seed", "step"]].to_csv(folder / "history.csv", index=False)


def gradients(folder: Path, worst: float = 2e-9) -> None:
    """Of two networks, and the arrays of a debugging file."""
    write_errors(folder, {"plain": {"W1": [1e-10, worst], "b1": [3e-11, 1e-11]}, "with L2": {"W1": [2e-10, 1e-10]}})
    write_differences(folder, [Row(key="MX", slow=0.0, fast=1e-15), Row(key="P", slow=2e-16, fast=3e-16)])


def speed(folder: Path, cells: Sequence[Cell] = GRID) -> None:
    """Networks in which PyTorch takes 2.5 times our time."""
    folder.mkdir(parents=True)
    table([made_up(cell) for cell in cells]).to_csv(folder / "results.csv", index=False)


def everything(folder: Path) -> None:
    """Results for most sections."""
    gradients(folder / "gradcheck")
    study(folder / "baseline", {"arch2": ACCURACIES["arch2"]})
    study(folder / "architectures")
    longer = {run: [accuracy + 0.03 for accuracy in by_seed] for run, by_seed in ACCURACIES.items() if run != "arch1"}
    study(folder / "longer", longer, updates=80)
    study(
        folder / "label_smoothing",
        {f"arch5 · label_smoothing={epsilon}": [0.65, 0.66, 0.655] for epsilon in (0, 0.1)},
        gaps={"arch5 · label_smoothing=0": 0.9, "arch5 · label_smoothing=0.1": 0.6},
    )
    improvements = {"start": 0.60, "with momentum": 0.63, "all": 0.70, "without momentum": 0.68}
    random = np.random.default_rng(0)
    study(
        folder / "improvements",
        {run: (mean + 0.002 * random.normal(size=3)).tolist() for run, mean in improvements.items()},
    )
    speed(folder / "pytorch")


def report(folder: Path, text: Text | None = None) -> Document:
    """The report of a folder that has nothing wrong in it."""
    made, problems = document(folder, text or Text())
    assert problems == []
    return made


def section(made: Document, title: str) -> list[Block]:
    (found,) = [section.blocks for section in made.sections if section.title == title]
    return found


def words(blocks: Sequence[Block]) -> str:
    """All that is said, captions and cells included, a line each."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Paragraph() | Question():
                lines.append(block.text)
            case Points():
                lines += block.items
            case Figure():
                lines.append(block.caption)
            case Table():
                lines += [block.caption, *(" | ".join(row) for row in (block.headings, *block.rows))]
            case _:
                pass
    return "\n".join(lines)
