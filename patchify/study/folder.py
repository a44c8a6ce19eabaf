"""A study's folder of results."""

from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd

from patchify.config.catalog import Study
from patchify.store.opening import disconnect
from patchify.stored.run import StoredRun
from patchify.study.conclusions import Conclusions
from patchify.study.drawing import draw
from patchify.study.overview import Overview
from patchify.study.readme import readme
from patchify.study.results import Tables
from patchify.workers.parallel import in_parallel


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
    page = readme(study, tables, overview, compared=compared, runs=runs, remarks=remarks)
    folder.mkdir(parents=True, exist_ok=True)
    for old in ("README.md", "comparisons.csv", "comparisons.tex"):  # which may not be written anew
        (folder / old).unlink(missing_ok=True)
    numbers = {"results.csv": tables.results, "history.csv": tables.history, "summary.csv": overview.numbers()}
    texts = {"summary.tex": overview.latex()}
    if compared:
        numbers["comparisons.csv"] = compared.numbers()
        texts["comparisons.tex"] = compared.latex()
    for name, text in texts.items():
        (folder / name).write_text(text)
    # measured: with 1,000 runs, charts take half of the time, and the history a tenth
    tasks = [
        *(partial(draw, chart, tables, folder / stem) for stem, chart in study.charts.items()),
        *(partial(_save, table, folder / name) for name, table in numbers.items()),
    ]
    pictures = in_parallel(tasks, before_fork=disconnect)[: len(study.charts)]
    (folder / "README.md").write_text(page)  # last: it says that all is there
    return [*(folder / name for name in (*numbers, *texts)), *chain(*pictures), folder / "README.md"]


def _save(table: pd.DataFrame, path: Path) -> list[Path]:
    table.to_csv(path, index=False)
    return [path]
