"""What is recorded is what is read back, and a run's status says how it ended."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from patchify.interrupts import Terminated
from patchify.journal.folder import LOCAL, RunFolder, run_folder
from patchify.journal.journal import read
from patchify.store.opening import Store, address_of, open_store
from patchify.stored.files import config_of
from patchify.stored.histories import histories
from patchify.stored.run import StoredRun
from patchify.stored.runs import stored_runs
from patchify.tracking.delivery import deliver
from patchify.tracking.run import TrackedRun, end_for


@pytest.fixture
def store(made_store: Path) -> Store:
    return open_store(address_of(None, str(made_store)))


def folder(key: str = "k") -> RunFolder:
    return run_folder(Path("mlruns"), LOCAL, key)


def tracked(key: str = "k", parent: str | None = None, study: str = "widths") -> TrackedRun:
    header = {"store": LOCAL, "study": study, "name": "arch1 · seed 0", "description": "Why?", "parent": parent}
    params = {"seed": "0", "architecture.hidden": "[50]"}
    return TrackedRun(folder(key), Path("mlruns"), {**header, "params": params, "tags": {"run_key": key}})


def only(store: Store) -> StoredRun:
    (run,) = stored_runs(store, "widths")
    return run


def history(store: Store, run: StoredRun) -> dict[object, dict[object, float]]:
    return histories(store, [run]).set_index("step").drop(columns="run_id").to_dict("index")


def test_params_metrics_tags_and_files_come_back_as_they_were_recorded(store: Store) -> None:
    with tracked() as run:
        run.log_metrics({"train/loss": 2.5, "learning_rate": 1e-5}, step=0)
        run.log_metrics({"train/loss": float("nan"), "learning_rate": 1e-1}, step=400)
        run.folder.artifacts.mkdir()
        (run.folder.artifacts / "config.yaml").write_text("seed: 0\n")
        run.tags["parameters_sha256"] = "abc"
    assert run.unsent is None
    found = only(store)
    assert found.status == "FINISHED"
    assert found.params == {"seed": "0", "architecture.hidden": "[50]"}
    assert found.tags["parameters_sha256"] == "abc"
    records = history(store, found)
    assert list(records) == [0, 400]
    assert records[0] == {"train/loss": 2.5, "learning_rate": 1e-5}
    assert records[400]["learning_rate"] == 1e-1
    assert config_of(store, found) == "seed: 0\n"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ArithmeticError("cost is nan"), "FAILED", "ArithmeticError: cost is nan"),
        (KeyboardInterrupt(), "KILLED", "interrupted"),
        (Terminated(), "KILLED", "ended by SIGTERM"),
    ],
)
def test_a_run_that_is_left_early_has_all_its_metrics_and_says_why(
    store: Store, error: BaseException, status: str, reason: str
) -> None:
    with pytest.raises(type(error)), tracked() as run:  # noqa: PT012 - what comes before the error is the point
        run.log_metrics({"test/loss": 2.0}, step=7)
        raise error
    assert only(store).status == status
    assert only(store).tags["failure"] == reason
    assert history(store, only(store)) == {7: {"test/loss": 2.0}}


def test_a_run_that_is_opened_again_goes_on_as_the_same_one_and_repeats_nothing(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), tracked() as run:  # noqa: PT012
        run.log_metrics({"test/loss": 2.0}, step=0)
        run.log_metrics({"test/loss": 1.9}, step=4)
        raise KeyboardInterrupt
    before = only(store)
    with tracked() as run:
        run.log_metrics({"test/loss": 99.0}, step=4)
        run.log_metrics({"test/loss": 1.8}, step=8)
    after = only(store)
    assert after.id == before.id
    assert after.status == "FINISHED"
    assert after.tags["failure"] == ""
    assert history(store, after) == {step: {"test/loss": loss} for step, loss in ((0, 2.0), (4, 1.9), (8, 1.8))}
    assert len(store.client.get_metric_history(after.id, "test/loss")) == 3


def test_a_run_is_below_its_sweep_also_where_it_is_sent_first(store: Store) -> None:
    with tracked("sweep") as sweep:
        with tracked("job", parent="sweep"):
            pass
        deliver(sweep.folder, Path("mlruns"))
    tags = {run.tags["run_key"]: run for run in stored_runs(store, "widths")}
    assert tags["job"].tags["mlflow.parentRunId"] == tags["sweep"].id


def interrupted(parent: str, study: str = "widths") -> None:
    """The run is begun or goes on in a sweep, and is interrupted."""
    with tracked(parent, study=study), pytest.raises(KeyboardInterrupt), tracked("job", parent, study):
        raise KeyboardInterrupt


def test_a_run_that_goes_on_in_another_sweep_of_its_study_is_below_that_one(store: Store) -> None:
    for parent in ("one", "two"):
        interrupted(parent)
        tags = {run.tags["run_key"]: run for run in stored_runs(store, "widths")}
        assert tags["job"].tags["mlflow.parentRunId"] == tags[parent].id
    with tracked("job"):
        pass
    tags = {run.tags["run_key"]: run for run in stored_runs(store, "widths")}
    assert tags["job"].tags["mlflow.parentRunId"] == tags["two"].id, "it went on alone"


def test_a_run_that_goes_on_in_another_study_counts_for_both_and_stays_in_its_sweep(store: Store) -> None:
    interrupted("one")
    interrupted("two", "depths")
    job, sweep = sorted(stored_runs(store, "widths"), key=lambda run: run.tags["run_key"])
    assert job.tags["mlflow.parentRunId"] == sweep.id
    assert job.id in [run.id for run in stored_runs(store, "depths")]


def test_what_is_recorded_is_in_the_journal_at_once(made_store: Path) -> None:
    with tracked() as run:
        run.log_metrics({"test/loss": 2.0}, step=7)
        assert read(folder().journal)[-1].content == {"step": 7, "metrics": {"test/loss": 2.0}}


def test_a_full_disk_that_the_sender_met_ends_the_run(made_store: Path) -> None:
    with pytest.raises(OSError, match="no room"), tracked() as run:  # noqa: PT012
        run.log_metrics({"test/loss": 2.0}, step=0)
        run.sender.failure = OSError("no room")
        run.log_metrics({"test/loss": 2.0}, step=1)


def test_a_run_whose_process_is_gone_is_ended_by_another_but_never_one_that_is_held(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.tracking.run.PATIENCE", 0)
    with folder().held():
        run = tracked()
        end_for(folder(), Path("mlruns"), "its process 7 was killed")
    assert read(folder().journal)[-1].kind == "run"
    run.journal.close()
    end_for(folder(), Path("mlruns"), "its process 7 was killed")
    assert only(store).status == "FAILED"
    assert only(store).tags["failure"] == "its process 7 was killed"
    end_for(folder(), Path("mlruns"), "another reason")
    assert only(store).tags["failure"] == "its process 7 was killed"


@contextmanager
def elsewhere(lock: AbstractContextManager[bool], seconds: float) -> Iterator[Thread]:
    """Another has the lock when the `with` block begins, for so many seconds, or until it ends."""
    taken, over = Event(), Event()

    def hold() -> None:
        with lock:
            taken.set()
            over.wait(seconds)

    other = Thread(target=hold)
    other.start()
    taken.wait()
    try:
        yield other
    finally:
        over.set()
        other.join()


def test_a_run_whose_process_is_gone_is_ended_once_those_who_look_at_it_let_go(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.tracking.run.PATIENCE", 60)
    tracked().journal.close()
    with elsewhere(folder().held(), seconds=0.3):
        end_for(folder(), Path("mlruns"), "its process 7 was killed")
    assert only(store).status == "FAILED"


def test_a_sweep_begins_also_where_another_process_is_long_at_sending_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.tracking.run.PATIENCE", 0.1)
    monkeypatch.setattr("patchify.tracking.run.BUSY", 0.1)
    with elsewhere(folder().sending(), seconds=30) as other:
        with tracked() as sweep:
            sweep.announce()
            assert other.is_alive(), "it was not waited for"
            assert stored_runs(store, "widths") == []
        assert sweep.unsent == "it could not all be sent in 0.1 seconds"
    deliver(folder(), Path("mlruns"))
    assert only(store).status == "FINISHED"


def test_a_run_waits_longer_for_a_store_on_this_disk_which_is_busy_but_never_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.tracking.run.PATIENCE", 0)
    with elsewhere(folder().sending(), seconds=0.3), tracked() as run:
        run.log_metrics({"test/loss": 2.0}, step=0)
    assert run.unsent is None
    assert only(store).status == "FINISHED"
