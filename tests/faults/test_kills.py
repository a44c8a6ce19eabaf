"""A run that is killed, at whichever moment, goes on to the same bits and the same history."""

import random
import signal
import time
from pathlib import Path

import pytest

from patchify.journal.folder import run_folders
from patchify.journal.journal import read, recorded
from patchify.workers.forking import FORKS
from tests.conftest import TINY
from tests.faults.conftest import Check
from tests.in_store import local, runs
from tests.processes import Started, patchify, wait_until

RUN = [*TINY, "schedule.step_size=500", "record_every=100"]
"""About a second of training, with 31 records."""
SWEEP = ["-m", *RUN, "seed=0,1", "hydra.launcher.workers=2"]


@pytest.mark.usefixtures("made_store")
@pytest.mark.fault("kill -9 at a random moment, restarted until done", few=5, often=50)
def test_a_run_that_is_killed_goes_on_to_the_same_bits_and_history(trial: int, assert_as_undisturbed: Check) -> None:
    moments = [random.Random(trial).uniform(0, 1.5) for _ in range(2)]
    for moment in moments:
        killed_after(moment, Started(*RUN), whole=True)
    outcome = patchify(*RUN)
    assert outcome.status == 0, (moments, outcome)
    assert_as_undisturbed(*RUN)


@pytest.mark.skipif(not FORKS, reason="processes are not forked here")
@pytest.mark.fault("kill -9 of a sweep with two workers, or of its parent", few=2, often=10)
def test_a_sweep_that_is_killed_does_what_is_missing_under_the_same_parent(
    trial: int, assert_as_undisturbed: Check, made_store: Path
) -> None:
    moments = [random.Random(trial).uniform(0, 3) for _ in range(2)]
    for moment in moments:
        killed_after(moment, Started(*SWEEP), whole=trial % 2 == 0)
    outcome = patchify(*SWEEP)
    assert outcome.status == 0, (moments, outcome)
    assert_as_undisturbed(*SWEEP)
    assert len(runs(local(made_store))) == 3, "two runs and their parent"


def killed_after(seconds: float, started: Started, *, whole: bool) -> None:
    """Kill a process unless it ends before; whole: with its children, which would hear of it and end by themselves."""
    started.process.join(seconds)
    if started.process.is_alive():
        started.kill_all() if whole else started.signal(signal.SIGKILL)
        started.end()


@pytest.mark.parametrize(
    ("name", "number", "status", "reason"),
    [("kill -15", signal.SIGTERM, 143, "ended by SIGTERM"), ("Ctrl-C", signal.SIGINT, 130, "interrupted")],
    ids=["terminated", "interrupted"],
)
@pytest.mark.fault("{name}", few=2, often=10)
def test_a_sweep_that_is_told_to_end_is_killed_and_goes_on(
    name: str, number: int, status: int, reason: str, trial: int, assert_as_undisturbed: Check, made_store: Path
) -> None:
    started = Started(*SWEEP)
    wait_until(lambda: sum(bool(recorded(read(found.journal))) for found in run_folders(made_store)) == 2)
    moment = random.Random(trial).uniform(0, 0.5)
    time.sleep(moment)
    started.signal(number)
    outcome = started.end()
    assert outcome.status == status, (moment, outcome)
    assert "interrupted" in outcome.err
    assert "Traceback" not in outcome.err
    ended = runs(local(made_store))
    assert {run.info.status for run in ended} <= {"KILLED", "FINISHED"}, moment
    killed = [run for run in ended if run.info.status == "KILLED"]
    assert len({"run_key" in run.data.tags for run in killed}) == 2, "the parent, and at least one of its runs"
    assert {run.data.tags["failure"] for run in killed} <= {reason, "interrupted"}
    assert patchify(*SWEEP).status == 0
    assert_as_undisturbed(*SWEEP)
