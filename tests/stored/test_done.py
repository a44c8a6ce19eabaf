"""What was done is found by its key, whichever study it was made for, and may count for others."""

import math
from pathlib import Path

import pytest

from patchify.store import Unreachable
from patchify.store.opening import Store, open_store
from patchify.stored import database, server, source
from patchify.stored.done import finished_runs
from patchify.stored.runs import stored_runs
from patchify.tracking.delivery import deliver
from patchify.tracking.studies import also_in
from tests.proxy import RESET, Proxy
from tests.tracking.runs import a_run, ends, goes_on, stored


def a_stored_run(local: Store, tracking: Path, key: str, study: str, status: str = "FINISHED") -> str:
    folder = a_run(tracking, key, study=study)
    goes_on(folder, [1, 5])
    ends(folder, status)
    deliver(folder, tracking)
    run = str(stored(local, folder).info.run_id)
    folder.make_way()
    return run


@pytest.mark.parametrize("few", [50, 0], ids=["one by one", "all pages"])
def test_finished_runs_are_found_in_any_study_and_no_others(
    local: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(server, "FEW", few)
    monkeypatch.setattr(server, "PAGE", 2)
    first = a_stored_run(local, made_store, "k1", "widths")
    a_stored_run(local, made_store, "k2", "depths")
    newest = a_stored_run(local, made_store, "k2", "widths")
    a_stored_run(local, made_store, "k3", "widths", "KILLED")
    a_stored_run(local, made_store, "k4", "widths")
    local.client.delete_run(a_stored_run(local, made_store, "k5", "widths"))
    found = finished_runs(local, ["k1", "k2", "k3", "k5", "k6"])
    assert {key: run.id for key, run in found.items()} == {"k1": first, "k2": newest}
    assert (found["k1"].study, found["k1"].name, found["k1"].accuracy) == ("widths", "arch1 · k1", 0.5)


def test_nothing_is_done_in_an_empty_store(local: Store) -> None:
    assert finished_runs(local, ["k"]) == {}


def test_a_run_may_count_for_another_study(local: Store, made_store: Path) -> None:
    shared = a_stored_run(local, made_store, "k1", "widths")
    own = a_stored_run(local, made_store, "k2", "my depths")
    assert [run.id for run in stored_runs(local, "my depths")] == [own]
    also_in(local, shared, "my depths")
    assert [run.id for run in stored_runs(local, "my depths")] == [shared, own]
    assert [run.id for run in stored_runs(local, "widths")] == [shared]
    also_in(local, own, "my depths")
    assert len(stored_runs(local, "my depths")) == 2, "its own study, not twice"


def test_a_study_may_have_no_runs_of_its_own(local: Store, made_store: Path) -> None:
    shared = a_stored_run(local, made_store, "k1", "widths")
    also_in(local, shared, "depths")
    assert [run.id for run in stored_runs(local, "depths")] == [shared]


def test_a_database_gives_the_runs_that_the_search_of_mlflow_finds(
    local: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PORTION", 2)
    for key, study, status in [("k1", "widths", "FINISHED"), ("k2", "widths", "KILLED"), ("k3", "depths", "FINISHED")]:
        a_stored_run(local, made_store, key, study, status)
    shared = a_stored_run(local, made_store, "k4", "depths")
    also_in(local, shared, "widths")
    local.client.log_metric(shared, "test/loss", math.nan, step=9)
    local.client.delete_run(a_stored_run(local, made_store, "k5", "widths"))
    found = stored_runs(local, "widths")
    assert [run.tags["run_key"] for run in found] == ["k1", "k2", "k4"]
    assert math.isnan(found[-1].metrics["test/loss"])
    monkeypatch.setattr(source, "DATABASES", ())
    searched = stored_runs(local, "widths")
    for run in [*found, *searched]:
        run.metrics = {name: -1.0 if math.isnan(value) else value for name, value in run.metrics.items()}
    assert found == searched


def test_a_store_that_does_not_answer_is_unreachable(proxy: Proxy) -> None:
    store = open_store(proxy.address)
    proxy.faults.append(RESET)
    with pytest.raises(Unreachable, match="can't be used"):
        finished_runs(store, ["k"])
