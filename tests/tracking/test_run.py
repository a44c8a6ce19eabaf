"""What is recorded is what is read back, and a run's status says how it ended."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException

from patchify.tracking.reading import StoredRun, config_of, history, stored_runs
from patchify.tracking.run import TrackedRun
from patchify.tracking.store import Store, address_of, open_store


@pytest.fixture
def store(made_store: Path) -> Store:
    return open_store(address_of(None, str(made_store)))


def tracked(store: Store, name: str = "arch1 · seed 0") -> TrackedRun:
    return TrackedRun(store, "widths", name, tags={"run_key": "k"}, description="Why?", parent=None)


def only(store: Store) -> StoredRun:
    (run,) = stored_runs(store, "widths")
    return run


def test_params_metrics_and_files_come_back_as_they_were_recorded(store: Store, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "config.yaml").write_text("seed: 0\n")
    with tracked(store) as run:
        run.log_params({"seed": "0", "architecture.hidden": "[50]"})
        run.log_metrics({"train/loss": 2.5, "learning_rate": 1e-5}, step=0)
        run.log_metrics({"train/loss": float("nan"), "learning_rate": 1e-1}, step=400)
        run.log_files(files)
    found = only(store)
    assert found.status == "FINISHED"
    assert found.params == {"seed": "0", "architecture.hidden": "[50]"}
    records = history(store, found)
    assert list(records) == [0, 400]
    assert records[0] == {"train/loss": 2.5, "learning_rate": 1e-5}
    assert records[400]["learning_rate"] == 1e-1
    assert config_of(store, found) == "seed: 0\n"


def test_a_run_left_by_an_error_is_failed_with_the_reason(store: Store) -> None:
    with pytest.raises(ArithmeticError), tracked(store):
        raise ArithmeticError("cost is nan")
    assert only(store).status == "FAILED"
    assert only(store).tags["failure"] == "ArithmeticError: cost is nan"


def test_a_run_left_by_ctrl_c_is_killed(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), tracked(store):
        raise KeyboardInterrupt
    assert only(store).status == "KILLED"


@pytest.fixture
def batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many metrics each call to the store carries."""
    sizes: list[int] = []
    send = store.client.log_batch

    def counted(run_id: str, metrics: Sequence[Metric] = (), tags: Sequence[RunTag] = ()) -> None:
        if metrics:
            sizes.append(len(metrics))
        send(run_id, metrics=metrics, tags=tags)

    monkeypatch.setattr(store.client, "log_batch", counted)
    return sizes


def test_metrics_are_sent_together_at_the_end_of_a_short_run(
    store: Store, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.tracking.run.SEND_EVERY", 1e9)
    with tracked(store) as run:
        for step in range(1200):
            run.log_metrics({"test/loss": 2.0}, step)
        assert batches == []
    assert batches == [1000, 200], "MLflow takes no more than 1000 at once"
    assert len(history(store, only(store))) == 1200


def test_metrics_of_a_longer_run_are_sent_every_few_seconds(
    store: Store, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.tracking.run.SEND_EVERY", 0)
    with tracked(store) as run:
        for step in range(3):
            run.log_metrics({"test/loss": 2.0, "test/accuracy": 0.1}, step)
            time.sleep(0.002)
    assert batches == [2, 2, 2]
    times = [m.timestamp for m in store.client.get_metric_history(only(store).id, "test/loss")]
    assert times == sorted(set(times)), "each has the time at which it was recorded"


@pytest.mark.parametrize("error", [ArithmeticError, KeyboardInterrupt])
def test_a_run_that_ends_early_has_all_its_metrics(store: Store, error: type[BaseException]) -> None:
    with pytest.raises(error), tracked(store) as run:  # noqa: PT012 - what comes before the error is the point
        run.log_metrics({"test/loss": 2.0}, step=7)
        raise error
    assert history(store, only(store)) == {7: {"test/loss": 2.0}}


def test_a_run_whose_last_metrics_cannot_be_sent_is_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **words: object) -> None:
        if "metrics" in words:
            raise MlflowException("the disk is full")

    with pytest.raises(MlflowException, match="disk is full"), tracked(store) as run:  # noqa: PT012 - the end of the block raises
        run.log_metrics({"test/loss": 2.0}, step=7)
        monkeypatch.setattr(store.client, "log_batch", refuse)
    assert only(store).status == "FAILED"


def test_a_study_without_runs_is_empty(store: Store) -> None:
    assert stored_runs(store, "widths") == []
