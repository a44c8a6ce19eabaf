"""A disk without room ends a run with the name of the file; once there is room, the run goes on to the same bits."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patchify.journal.folder import run_folders
from patchify.journal.journal import read, recorded
from tests.conftest import TINY, Outcome
from tests.faults.processes import Started, patchify, wait_until
from tests.faults.server import Server
from tests.stored import Stored, assert_nothing_is_left, finished, local

SMALL = ["architecture.filter_counts=[1]", "architecture.hidden=[1]"]

Undisturbed = Callable[..., dict[str, Stored]]


@pytest.mark.fault("no room for a checkpoint", few=1, often=2)
def test_a_checkpoint_without_room_ends_the_run_until_there_is_some(
    trial: int, undisturbed: Undisturbed, made_store: Path, tmp_path: Path
) -> None:
    run = [*TINY, "schedule.step_size=100"]
    with Server(made_store.rename(tmp_path / "server")) as server:
        uri = f"tracking.uri={server.address}"
        assert_named(without_room(100_000, *run, uri), "checkpoint-0000000000.npz")
        assert patchify(*run, uri).status == 0
        assert finished(server.address) == undisturbed(*run)
        assert_nothing_is_left(Path("mlruns"))


@pytest.mark.fault("no room for the journal", few=1, often=2)
def test_a_journal_without_room_ends_the_run_until_there_is_some(
    trial: int, undisturbed: Undisturbed, made_store: Path, tmp_path: Path
) -> None:
    run = [*TINY, "schedule.step_size=1000", "record_every=1000"]
    with Server(made_store.rename(tmp_path / "server")) as server:
        uri = f"tracking.uri={server.address}"
        started = Started(*run, uri)
        wait_until(lambda: any(len(recorded(read(found.journal))) == 2 for found in run_folders(Path("mlruns"))))
        time.sleep(0.1)  # for the checkpoint: next comes a line of the journal
        resource.prlimit(started.process.pid or 0, resource.RLIMIT_FSIZE, (1000, 1000))
        assert_named(started.end(), "journal.jsonl")
        assert patchify(*run, uri).status == 0
        assert finished(server.address) == undisturbed(*run)
        assert_nothing_is_left(Path("mlruns"))


@pytest.mark.fault("no room for the database", few=1, often=2)
def test_a_database_without_room_ends_the_run_until_there_is_some(
    trial: int, undisturbed: Undisturbed, made_store: Path
) -> None:
    run = [*TINY, *SMALL, "schedule.step_size=1000", "record_every=500"]
    assert_named(without_room(40_000, *run), "mlflow.db")
    assert patchify(*run).status == 0
    assert finished(local(made_store)) == undisturbed(*run)
    assert_nothing_is_left(made_store)


@pytest.mark.fault("no room for a run's files", few=1, often=2)
def test_files_without_room_end_the_run_until_there_is_some(
    trial: int, undisturbed: Undisturbed, made_store: Path, tmp_path: Path
) -> None:
    run = [*TINY, *SMALL, "schedule.step_size=100"]
    with Server(made_store.rename(tmp_path / "server")) as server:
        uri = f"tracking.uri={server.address}"
        assert_named(without_room(50_000, *run, uri), "/artifacts")
        assert patchify(*run, uri).status == 0
        assert finished(server.address) == undisturbed(*run)
        assert_nothing_is_left(Path("mlruns"))


def without_room(size: int, *words: str) -> Outcome:
    """A run whose files may have no more than `size` bytes each."""
    return Started(*words, room=size).end()


def assert_named(outcome: Outcome, file: str) -> None:
    assert outcome.status == 1, outcome
    assert file in outcome.err, outcome
    assert "make room" in outcome.err, outcome
    assert "Traceback" not in outcome.err, outcome
