"""A store's database, asked itself: many runs at once, where MLflow's client takes long over each.

The tables and columns are MLflow's; the SQL is what SQLite and PostgreSQL have in common. Measured, 1,000 runs of 75
settings, tags and metrics: 0.4 s of processor time, and MLflow's search 3.5 s.
"""

import math
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchify.store import StoreError
from patchify.store.file import SQLITE
from patchify.store.place import folder_of
from patchify.stored.run import ASKED, KEY, RESULTS, FinishedRun, Row, StoredRun, also

DATABASES = ("sqlite", "postgresql")
"""Kinds of addresses; MLflow's others are asked by its client, as servers are."""
PORTION = 50
"""Runs whose values are asked for in one query."""
READERS = 2
"""Queries at a time; SQLite's answer while Python waits."""

# ruff: noqa: S608 - SQL is put together of names that are ours; what others wrote is bound

RUNS = """
    SELECT runs.run_uuid, experiments.name, runs.status, runs.start_time FROM runs
    JOIN experiments ON experiments.experiment_id = runs.experiment_id
    WHERE runs.lifecycle_stage = 'active' AND experiments.lifecycle_stage = 'active'
"""
FINISHED = f"""
    SELECT key_of.value, runs.run_uuid, runs.name, experiments.name, {{results}} FROM runs
    JOIN experiments ON experiments.experiment_id = runs.experiment_id
    JOIN tags key_of ON key_of.run_uuid = runs.run_uuid AND key_of.key = '{KEY}'
    LEFT JOIN latest_metrics result ON result.run_uuid = runs.run_uuid AND result.key IN ({{names}})
    WHERE runs.lifecycle_stage = 'active' AND experiments.lifecycle_stage = 'active' AND runs.status = 'FINISHED'
    GROUP BY key_of.value, runs.run_uuid, runs.name, experiments.name, runs.start_time ORDER BY runs.start_time DESC
"""


@dataclass(frozen=True)
class Database:
    """The database at an address of SQLAlchemy's; a connection for each question."""

    address: str

    def studies(self) -> list[str]:
        """See `Source`."""
        return [name for (name,) in self._rows("SELECT name FROM experiments WHERE lifecycle_stage = 'active'")]

    def asked(self, study: str) -> str:
        """See `Source`."""
        query = """
            SELECT experiment_tags.value FROM experiment_tags
            JOIN experiments ON experiments.experiment_id = experiment_tags.experiment_id
            WHERE experiments.name = :study AND experiment_tags.key = :asked
        """
        return "".join(value for (value,) in self._rows(query, study=study, asked=ASKED))

    def runs(self, study: str) -> list[StoredRun]:
        """See `Source`."""
        shared = "runs.run_uuid IN (SELECT tags.run_uuid FROM tags WHERE tags.key = :also AND tags.value = 'true')"
        return self._runs(f"(experiments.name = :study OR {shared})", study=study, also=also(study))

    def beginning(self, name: str) -> list[StoredRun]:
        """See `Source`."""
        key = f"SELECT tags.run_uuid FROM tags WHERE tags.key = '{KEY}' AND tags.value LIKE :name"
        return self._runs(f"(runs.run_uuid LIKE :name OR runs.run_uuid IN ({key}))", name=f"{name}%")

    def finished(self, keys: Collection[str]) -> Iterator[FinishedRun]:
        """See `Source`."""
        names = {f"result{number}": name for number, name in enumerate(RESULTS)}
        results = ", ".join(
            f"max(CASE WHEN result.key = :{number} AND result.is_nan = :no THEN result.value END)" for number in names
        )
        query = FINISHED.format(results=results, names=", ".join(f":{number}" for number in names))
        for key, run, name, study, *found in self._rows(query, no=False, **names):
            if key in keys:
                accuracy = next((value for value in found if value is not None), None)
                yield FinishedRun(key=key, id=run, name=name, study=study, accuracy=accuracy)

    def records(self, runs: Sequence[StoredRun], metrics: Sequence[str]) -> list[Row]:
        """See `Source`."""
        names = {f"metric{number}": metric for number, metric in enumerate(metrics)}
        # measured, 1.2 million values: 1.4 s of processor time, of which two threads share most, and 1.7 s for as many
        # rows put together in Python
        columns = ", ".join(
            f"max(CASE WHEN metrics.key = :{number} AND metrics.is_nan = :no THEN metrics.value END)"
            for number in names
        )
        query = f"SELECT run_uuid, step, {columns} FROM metrics WHERE {{of_these}} GROUP BY run_uuid, step"
        return self._of_runs(query, [run.id for run in runs], no=False, **names) if metrics else []

    def folder(self, run: str) -> Path | None:
        """See `Source`."""
        for (address,) in self._rows("SELECT artifact_uri FROM runs WHERE run_uuid = :run", run=run):
            return folder_of(address) if address.startswith("file:///") else None
        raise StoreError(f"there is no run {run} any more")

    def _runs(self, rule: str, **values: str) -> list[StoredRun]:
        """The runs that meet a rule, with all their settings, tags and metrics."""
        found = {
            run: StoredRun(id=run, study=study, status=status, started=start, params={}, tags={}, metrics={})
            for run, study, status, start in self._rows(f"{RUNS} AND {rule}", **values)
        }
        ids = list(found)
        for run, name, value in self._of_runs("SELECT run_uuid, params.key, value FROM params WHERE {of_these}", ids):
            found[run].params[name] = value
        for run, name, value in self._of_runs("SELECT run_uuid, tags.key, value FROM tags WHERE {of_these}", ids):
            found[run].tags[name] = value
        latest = "SELECT run_uuid, latest_metrics.key, value, is_nan FROM latest_metrics WHERE {of_these}"
        for run, name, value, is_nan in self._of_runs(latest, ids):
            found[run].metrics[name] = math.nan if is_nan else value
        return list(found.values())

    def _of_runs(self, query: str, runs: Sequence[str], **values: Any) -> list[Row]:
        """The rows for these runs, of a query with a place for which they are: `of_these`."""

        def rows(first: int) -> list[Row]:
            some = {f"run{number}": run for number, run in enumerate(runs[first : first + PORTION])}
            of_these = f"run_uuid IN ({', '.join(f':{number}' for number in some)})"
            return self._rows(query.format(of_these=of_these), **values, **some)

        if len(runs) <= PORTION:
            return rows(0) if runs else []
        with ThreadPoolExecutor(READERS) as readers:
            return [row for found in readers.map(rows, range(0, len(runs), PORTION)) for row in found]

    def _rows(self, query: str, **values: Any) -> list[Row]:
        if self.address.startswith(SQLITE):
            with closing(sqlite3.connect(self.address.removeprefix(SQLITE))) as connection:
                return connection.execute(query, values).fetchall()
        import sqlalchemy  # noqa: PLC0415 - takes 0.2 s, which a local store need not

        engine = sqlalchemy.create_engine(self.address, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(query), values)]
