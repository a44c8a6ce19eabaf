"""The records of many runs, from a database and from a server."""

import math
from pathlib import Path

import pytest

from patchify.journal.folder import LOCAL
from patchify.journal.journal import Journal
from patchify.store.opening import Store, open_store
from patchify.stored import database, histories
from patchify.stored.runs import stored_runs
from patchify.tracking.delivery import deliver
from tests.tracking.runs import a_run, ends

RECORDS = {
    "a": {0: {"test/loss": 2.0, "learning_rate": 0.1}, 24: {"test/loss": math.nan}},
    "b": {0: {"test/loss": 1.5}, 8: {"test/loss": 1.0, "test/accuracy": 0.5}, 100: {"test/loss": 0.25}},
    "c": {0: {"test/loss": 3.0}},
}


@pytest.fixture(params=["database", "server"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store that runs are read from."""
    if request.param == "database":
        found: Store = request.getfixturevalue("local")
        return found
    return open_store(f"http://127.0.0.1:{request.getfixturevalue('server')}")


def test_every_record_of_every_run_is_a_row(store: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PORTION", 2)
    for key, records in RECORDS.items():
        folder = a_run(made_store, key, store=store.address if "http" in store.address else LOCAL, study="histories")
        with Journal(folder.journal) as journal:
            for step, metrics in records.items():
                journal.write("metrics", step=step, metrics=metrics)
        ends(folder)
        deliver(folder, made_store, 20)
    runs = stored_runs(store, "histories")
    table = histories.histories(store, runs)
    assert table.equals(table.sort_values(["run_id", "step"]))
    keys = {run.id: run.tags["run_key"] for run in runs}
    found: dict[str, dict[int, dict[str, float]]] = {key: {} for key in RECORDS}
    for row in table.to_dict("records"):
        key, step = keys[row.pop("run_id")], row.pop("step")
        found[key][step] = {str(metric): value for metric, value in row.items() if not math.isnan(value)}
    assert found == RECORDS | {"a": {0: RECORDS["a"][0], 24: {}}}
