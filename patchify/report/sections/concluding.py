"""What may be concluded of a study's groups of runs beside its baseline, as a report says it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from patchify.report.blocks import Block, Paragraph, Points
from patchify.report.reading import written_comparisons
from patchify.report.sections.sentences import named
from patchify.store import StoreError
from patchify.study.conclusions import Conclusions, concluded
from patchify.study.results import Tables


def conclusions(folder: Path, tables: Tables, columns: Sequence[str]) -> Iterator[Block]:
    """A point for each comparison in each of the columns; nothing without a baseline, or beside it no other group.

    Raises ResultsError for a damaged comparisons.csv.
    """
    if tables.baseline is None or tables.results["run"].nunique() < 2:
        return
    found = [_concluded(folder, tables, column, tables.baseline) for column in columns if column in tables.results]
    tested = [each for each in found if each.tested]
    if not tested:
        reasons = {sentence.removeprefix("nothing: ") for each in found for sentence in each.sentences}
        yield Paragraph(text=f"Nothing may be concluded from the runs' differences: {'; '.join(sorted(reasons))}.")
        return
    yield Points(items=[_point(each, i) for each in tested for i in range(len(each.found))])
    yield Paragraph(text=" ".join(dict.fromkeys(note for each in tested for note in each.notes())))


def _concluded(folder: Path, tables: Tables, column: str, baseline: str) -> Conclusions:
    """As summarize wrote it down, with a run's own images where seeds were not varied; else from the results alone."""
    written = written_comparisons(folder)
    if written is not None:
        of_column = written[(written["column"] == column) & (written["baseline"] == baseline)]
        if set(of_column["run"]) == set(tables.results["run"]) - {baseline}:
            return Conclusions.from_numbers(of_column)
    return concluded(tables.results, column, baseline, _unanswered)


def _unanswered(run_id: str) -> NoReturn:
    raise StoreError(f"which images {run_id} got right is in its store, and no report reads that")


def _point(told: Conclusions, i: int) -> str:
    sentence, name = told.sentences[i], told.found[i].name
    return sentence if name in sentence else f"{name} beside {told.baseline}, {named(told.column)}: {sentence}"
