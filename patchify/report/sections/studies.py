"""What a report shows of a study: its question, what the numbers say, a table and charts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchify import charts
from patchify.config import catalog
from patchify.config.schema import Chart
from patchify.report.blocks import Block, Figure, Paragraph, Question, from_markdown
from patchify.report.reading import study_tables
from patchify.report.sections.concluding import conclusions
from patchify.report.sections.sentences import extremes
from patchify.study import ResultsError
from patchify.study.drawing import figure
from patchify.study.overview import overview
from patchify.study.results import Tables
from patchify.study.written import with_further

MEANS = "means over n runs ± half of their 95 % interval"


@dataclass(slots=True, kw_only=True, frozen=True)
class Shown:
    """columns: of the table; compared: columns in which groups are compared with the baseline; charts: their names."""

    columns: Sequence[str] = ("test_accuracy", "train_accuracy", "test_loss", "train_loss", "train_seconds")
    compared: Sequence[str] = ("test_accuracy",)
    charts: Sequence[str]


def study_blocks(folder: Path, shown: Shown) -> list[Block]:
    """Blocks of the study whose results lie in the folder; none without results. Raises ResultsError."""
    found = study_tables(folder)
    if found is None:
        return []
    asked = catalog.study(folder.name)
    found = replace(found, baseline=asked.baseline if asked.baseline in set(found.results["run"]) else None)
    tables, absent = with_further(found, asked.further, folder.parent)
    return [
        *([Question(text=asked.question)] if asked.question else []),
        Paragraph(text=extremes(tables.results, shown.columns)),
        *conclusions(folder, tables, shown.compared),
        *summary_table(tables, shown.columns, caption=f"{folder.name}: {MEANS}. Data: {tables.about}."),
        *figures({name: asked.charts[name] for name in shown.charts if name in asked.charts}, tables),
        *([Paragraph(text=f"Not in the charts: {'; '.join(absent)}.")] if absent else []),
    ]


def summary_table(tables: Tables, columns: Sequence[str], caption: str) -> list[Block]:
    """A row for each group of runs."""
    found = overview(tables.results, columns[0])
    chosen = {column: found.columns[column] for column in columns if column in found.columns}
    return from_markdown(replace(found, columns=chosen).markdown(), caption)


def figures(asked: dict[str, Chart], tables: Tables) -> Iterator[Block]:
    """The charts; one that these results don't allow is named, and why."""
    for name, chart in asked.items():
        try:
            svg, caption = charts.with_caption(figure(chart, tables, name))
        except ResultsError as error:
            yield Paragraph(text=f"A chart is left out: {error}.")
        else:
            yield Figure(svg=svg, caption=caption)
