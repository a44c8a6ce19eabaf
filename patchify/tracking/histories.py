"""All records of many runs, read at once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pandas as pd
import sqlalchemy as sql
from mlflow.store.db.db_types import DATABASE_ENGINES
from mlflow.store.tracking.dbmodels.models import SqlMetric

from patchify.store.faults import explained
from patchify.store.opening import Store
from patchify.tracking.reading import StoredRun

PORTION = 100
"""Runs whose records a database is asked for at once."""
REQUESTS = 8
"""Requests that a server is given at a time."""

Value = tuple[str, int, str, float]
"""Run id, update, metric, value."""


def histories(store: Store, runs: Sequence[StoredRun]) -> pd.DataFrame:
    """A row for each record: `run_id`, `step`, and each metric, NaN where the record lacks it; in order of both.

    Raises StoreError, Unreachable.
    """
    records: dict[tuple[str, int], dict[str, float]] = {}
    with explained(store.address, "check --uri"):
        values = _of_database if _is_database(store.address) else _of_server
        for run, step, metric, value in values(store, runs):
            records.setdefault((run, step), {})[metric] = value
    metrics = sorted({metric for run in runs for metric in run.metrics})
    rows = [{"run_id": run, "step": step, **found} for (run, step), found in sorted(records.items())]
    return pd.DataFrame(rows, columns=["run_id", "step", *metrics])


def _is_database(address: str) -> bool:
    return address.partition(":")[0].partition("+")[0] in DATABASE_ENGINES


def _of_database(store: Store, runs: Sequence[StoredRun]) -> Iterator[Value]:
    """In a query for many runs, which MLflow's client has none for.

    Rows come from the database's own cursor: SQLAlchemy's take twice the time (4.8 s of 1.2 million, and these 2.4).
    """
    table = SqlMetric
    value = sql.case((table.is_nan, None), else_=table.value)
    engine = sql.create_engine(store.address, poolclass=sql.NullPool)
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        for first in range(0, len(runs), PORTION):
            wanted = [run.id for run in runs[first : first + PORTION]]
            query = sql.select(table.run_uuid, table.step, table.key, value).where(table.run_uuid.in_(wanted))
            cursor.execute(str(query.compile(engine, compile_kwargs={"literal_binds": True})))
            yield from cursor


def _of_server(store: Store, runs: Sequence[StoredRun]) -> Iterator[Value]:
    """Metric by metric, as a server offers them."""

    def of_one(wanted: tuple[str, str]) -> list[Value]:
        run, metric = wanted
        return [(run, found.step, metric, found.value) for found in store.client.get_metric_history(run, metric)]

    with ThreadPoolExecutor(REQUESTS) as requests:
        for found in requests.map(of_one, [(run.id, metric) for run in runs for metric in run.metrics]):
            yield from found
