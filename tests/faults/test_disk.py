"""A disk without room ends a run with the name of the file; once there is room, the run goes on to the same bits."""

import resource
import time
from pathlib import Path

import pytest

from patchify.journal.folder import run_folders
from patchify.journal.journal import read, recorded
from tests.conftest import TINY, Outcome
from tests.faults.conftest import Check
from tests.processes import Started, patchify, wait_until
from tests.server import Server

SMALL = ["architecture.filter_counts=[1]", "architecture.hidden=[1]"]


@pytest.mark.parametrize(
    ("what", "room", "words", "file"),
    [
        ("a checkpoint", 100_000, [], "checkpoint-0000000000.npz"),
        ("a run's files", 50_000, SMALL, "/artifacts"),
    ],
    ids=["checkpoint", "files"],
)
@pytest.mark.fault("no room for {what}", few=1, often=2)
def test_a_file_without_room_ends_the_run_until_there_is_some(
    what: str, room: int, words: list[str], file: str, trial: int, server: Server, assert_as_undisturbed: Check
) -> None:
    run = [*TINY, *words, "schedule.step_size=100"]
    uri = f"tracking.uri={server.address}"
    assert_named(Started(*run, uri, room=room).end(), file)
    assert patchify(*run, uri).status == 0
    assert_as_undisturbed(*run, address=server.address)


@pytest.mark.fault("no room for the journal", few=1, often=2)
def test_a_journal_without_room_ends_the_run_until_there_is_some(
    trial: int, server: Server, assert_as_undisturbed: Check
) -> None:
    run = [*TINY, "schedule.step_size=1000", "record_every=1000"]
    uri = f"tracking.uri={server.address}"
    started = Started(*run, uri)
    wait_until(lambda: any(len(recorded(read(found.journal))) == 2 for found in run_folders(Path("mlruns"))))
    time.sleep(0.1)  # for the checkpoint: next comes a line of the journal
    resource.prlimit(started.process.pid or 0, resource.RLIMIT_FSIZE, (1000, 1000))
    assert_named(started.end(), "journal.jsonl")
    assert patchify(*run, uri).status == 0
    assert_as_undisturbed(*run, address=server.address)


@pytest.mark.usefixtures("made_store")
@pytest.mark.fault("no room for the database", few=1, often=2)
def test_a_database_without_room_ends_the_run_until_there_is_some(trial: int, assert_as_undisturbed: Check) -> None:
    run = [*TINY, *SMALL, "schedule.step_size=1000", "record_every=500"]
    assert_named(Started(*run, room=40_000).end(), "mlflow.db")
    assert patchify(*run).status == 0
    assert_as_undisturbed(*run)


def assert_named(outcome: Outcome, file: str) -> None:
    assert outcome.status == 1, outcome
    assert file in outcome.err, outcome
    assert "make room" in outcome.err, outcome
    assert "Traceback" not in outcome.err, outcome
