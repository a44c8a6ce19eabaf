"""All records of many runs, read at once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from patchify.store.faults import explained
from patchify.store.opening import Store
from patchify.tracking import database
from patchify.tracking.reading import StoredRun

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
        if database.is_database(store.address):
            values = database.records(store.address, [run.id for run in runs])
        else:
            values = _of_server(store, runs)
        for run, step, metric, value in values:
            records.setdefault((run, step), {})[metric] = value
    metrics = sorted({metric for run in runs for metric in run.metrics})
    rows = [{"run_id": run, "step": step, **found} for (run, step), found in sorted(records.items())]
    return pd.DataFrame(rows, columns=["run_id", "step", *metrics])


def _of_server(store: Store, runs: Sequence[StoredRun]) -> Iterator[Value]:
    """Metric by metric, as a server offers them."""

    def of_one(wanted: tuple[str, str]) -> list[Value]:
        run, metric = wanted
        return [(run, found.step, metric, found.value) for found in store.client.get_metric_history(run, metric)]

    with ThreadPoolExecutor(REQUESTS) as requests:
        for found in requests.map(of_one, [(run.id, metric) for run in runs for metric in run.metrics]):
            yield from found
