"""Processes that begin at once, in one store: every run is computed once, and all of them complete."""

from pathlib import Path

import pytest

from patchify.workers.forking import FORKS
from tests.conftest import TINY
from tests.faults.conftest import Check, Undisturbed
from tests.in_store import assert_nothing_is_left, finished, local, runs
from tests.processes import Started, patchify

RUN = [*TINY, "schedule.step_size=200"]
SHORT = [*TINY, "schedule.step_size=20"]


@pytest.mark.fault("16 processes on a fresh store", few=1, often=10)
def test_processes_that_begin_on_a_fresh_store_all_complete(trial: int, undisturbed: Undisturbed) -> None:
    started = [Started(*SHORT, f"seed={seed}") for seed in range(16)]
    outcomes = [process.end() for process in started]
    assert [outcome.status for outcome in outcomes] == [0] * 16, outcomes
    found = finished(local(Path("mlruns")))
    assert len(found) == 16
    assert {name: found[name] for name in undisturbed(*SHORT)} == undisturbed(*SHORT)
    assert_nothing_is_left(Path("mlruns"))


@pytest.mark.skipif(not FORKS, reason="processes are not forked here")
@pytest.mark.fault("8 workers logging", few=1, often=10)
def test_eight_workers_that_log_at_once_all_complete(trial: int, undisturbed: Undisturbed, made_store: Path) -> None:
    outcome = patchify("-m", *RUN, "record_every=50", "seed=range(8)", "hydra.launcher.workers=8")
    assert outcome.status == 0, outcome
    found = finished(local(made_store))
    assert len(found) == 8
    alone = undisturbed(*RUN, "record_every=50")
    assert {name: found[name] for name in alone} == alone
    assert_nothing_is_left(made_store)


@pytest.mark.fault("the same run started twice at once", few=2, often=20)
def test_a_run_that_is_started_twice_at_once_is_computed_once(
    trial: int, assert_as_undisturbed: Check, made_store: Path
) -> None:
    outcomes = [process.end() for process in [Started(*RUN), Started(*RUN)]]
    assert [outcome.status for outcome in outcomes] == [0, 0], outcomes
    assert sum("s of training" in outcome.out for outcome in outcomes) == 1, outcomes
    assert sum("already done" in outcome.out for outcome in outcomes) == 1, outcomes
    assert len(runs(local(made_store))) == 1
    assert_as_undisturbed(*RUN)
