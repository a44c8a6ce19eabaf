"""A study's folder of results."""

from pathlib import Path

from patchify.config.catalog import Study
from patchify.study.conclusions import Conclusions
from patchify.study.drawing import draw
from patchify.study.overview import Overview
from patchify.study.readme import readme
from patchify.study.results import Tables
from patchify.tracking.reading import StoredRun


def write(
    folder: Path,
    study: Study,
    tables: Tables,
    *,
    runs: list[StoredRun],
    overview: Overview,
    compared: Conclusions | None,
    remarks: list[str],
) -> list[Path]:
    """Write the study's tables, charts and README, and return what was written; charts are drawn from the tables alone.

    remarks: paragraphs on which runs these are, for the README. Raises ResultsError, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {"results.csv": tables.results, "history.csv": tables.history, "summary.csv": overview.numbers()}
    texts = {"summary.tex": overview.latex()}
    if compared:
        numbers["comparisons.csv"] = compared.numbers()
        texts["comparisons.tex"] = compared.latex()
    for name, table in numbers.items():
        table.to_csv(folder / name, index=False)
    for name, text in texts.items():
        (folder / name).write_text(text)
    written = [folder / name for name in (*numbers, *texts)]
    for stem, chart in study.charts.items():
        written += draw(chart, tables, folder / stem)
    (folder / "README.md").write_text(  # last: it says that all is there
        readme(study, tables, overview, compared=compared, runs=runs, remarks=remarks)
    )
    return [*written, folder / "README.md"]
