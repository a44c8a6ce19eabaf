"""Improvements, warm restarts, scaling and the best recipes."""

from collections.abc import Sequence
from pathlib import Path

from patchify.config import catalog
from patchify.config.schema import ChartKind
from patchify.report.blocks import Block, Paragraph, Points, from_markdown
from patchify.report.reading import study_tables
from patchify.report.sections.studies import Shown, figures, study_blocks
from patchify.study import ResultsError
from patchify.study.gain_table import gain_lines
from patchify.study.scaling.section import scaling_section

IMPROVEMENTS = Shown(
    columns=("test_accuracy", "test_accuracy_views", "train_accuracy", "test_loss", "train_cpu_seconds"),
    charts=("gains",),
)
RESTARTS = Shown(charts=("gains", "loss"))
BEST = Shown(
    columns=("test_accuracy", "test_accuracy_views", "train_accuracy", "test_loss", "train_loss", "train_cpu_seconds"),
    charts=("accuracy", "loss"),
)


def with_gains(folder: Path, shown: Shown) -> list[Block]:
    """A study with charts of gains, what these say, and a table of gains that charts don't show."""
    blocks, tables = study_blocks(folder, shown), study_tables(folder)
    if tables is None:
        return []
    asked = {
        name: chart
        for name, chart in catalog.study(folder.name).charts.items()
        if chart.kind is ChartKind.gains and chart.show[0] in tables.results.dropna(axis="columns")
    }
    if not asked:
        return blocks
    table, notes, *sentences = from_markdown(gain_lines(asked.values(), tables))
    points = Points(items=[block.text for block in sentences if isinstance(block, Paragraph)])
    return [*blocks, points, *([] if asked.keys() <= set(shown.charts) else [table]), notes]


def scaling(folder: Path) -> list[Block]:
    """Loss and accuracy against compute, and the law of the first."""
    tables = study_tables(folder)
    if tables is None:
        return []
    if "train_flops" not in tables.results:
        raise ResultsError(f"{folder}/results.csv is from before compute was counted: summarize again")
    asked = {name: chart for name, chart in catalog.study("scaling").charts.items() if chart.kind is ChartKind.scaling}
    (_, first), *_ = asked.items()
    return [*figures(asked, tables), *from_markdown(scaling_section(first, tables))]


def best(folders: Sequence[Path]) -> list[Block]:
    """The recipes that have results."""
    return [block for folder in folders for block in study_blocks(folder, BEST)]
