"""What is recorded is what is read back, and a run's status says how it ended."""

from pathlib import Path

import pytest

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


def test_a_study_without_runs_is_empty(store: Store) -> None:
    assert stored_runs(store, "widths") == []
