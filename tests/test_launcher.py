"""The local launcher: a sweep in several processes comes to the same as in one, and ends as cleanly."""

import os
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from patchify.core.training.streams import Streams, streams
from patchify.store.opening import disconnect, existing_store, open_store
from patchify.stored.runs import study_names
from patchify.workers.forking import FORKS
from tests.conftest import TINY, Command
from tests.in_store import runs_of
from tests.processes import Started, wait_until

TWO = "hydra.launcher.workers=2"
LONG = "schedule.step_size=30000"

forks = pytest.mark.skipif(not FORKS, reason="processes are not forked here")


def statuses(folder: Path) -> list[str]:
    """How all runs of a store stand, read without MLflow, which would lock it now and then."""
    with closing(sqlite3.connect(f"file:{folder}/mlflow.db?mode=ro", uri=True)) as connection:
        return sorted(status for (status,) in connection.execute("SELECT status FROM runs"))


@pytest.fixture
def long_sweep(made_store: Path) -> Iterator[Started]:
    """A sweep of three long runs on two workers, with both workers training."""
    started = Started("-m", *TINY, LONG, TWO, "seed=0,1,2")
    try:
        wait_until(lambda: not started.process.is_alive() or statuses(made_store) == ["RUNNING"] * 3)
        assert started.process.is_alive(), started.end()  # the parent run and two of three are running
        yield started
    finally:
        left = members(started)
        if left:
            started.kill_all()
    assert not left, "processes were left behind"


def members(started: Started) -> list[str]:
    """The process and those it has started, zombies aside."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        if int(its_session) == started.process.pid and state != "Z":
            found.append(stat.parent.name)
    return found


@forks
def test_two_workers_come_to_the_results_of_hydras_own_launcher_bit_for_bit(
    patchify: Command, made_store: Path
) -> None:
    sweep = ["-m", *TINY, "seed=0,1,2"]
    assert patchify(*sweep, TWO, "study=local").status == 0
    assert patchify(*sweep, "hydra/launcher=basic", "study=basic", "rerun=true").status == 0
    client = MlflowClient(f"sqlite:///{made_store}/mlflow.db")

    def numbers(study: str) -> dict[str, object]:
        found: dict[str, object] = {}
        for run in runs_of(made_store, study)[1:]:
            parameters = made_store / "artifacts" / study / run.info.run_id / "artifacts" / "model" / "parameters.npz"
            flat = np.concatenate([array.ravel() for name, array in np.load(parameters).items() if "names" not in name])
            metrics = {
                key: [(metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, key)]
                for key in run.data.metrics
                if key not in {"train/seconds", "train/cpu_seconds"}
            }
            found[run.info.run_name] = (metrics, flat.tobytes())
        return found

    assert len(numbers("local")) == 3
    assert numbers("local") == numbers("basic")


@forks
def test_every_job_has_its_log_and_its_result_is_a_line(patchify: Command, made_store: Path) -> None:
    outcome = patchify("-m", *TINY, TWO, "seed=0,1,2", "hydra.sweep.dir=mlruns/hydra/now")
    logs = sorted(path.relative_to(made_store / "hydra/now") for path in made_store.rglob("patchify.log"))
    assert logs == [Path("0/patchify.log"), Path("1/patchify.log"), Path("2/patchify.log")]
    lines = [line for line in outcome.out.splitlines() if line.startswith("[")]
    assert sorted(line[:5] for line in lines) == ["[1/3]", "[2/3]", "[3/3]"]
    assert all(": test accuracy " in line for line in lines), lines


@forks
@pytest.mark.usefixtures("made_store")
def test_a_worker_that_is_killed_fails_its_run_and_the_others_go_on(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.getpid()

    def deadly(seed: int) -> Streams:
        if seed == 1 and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return streams(seed)

    monkeypatch.setattr("patchify.training.streams", deadly)
    outcome = patchify("-m", *TINY, TWO, "seed=0,1,2")
    assert outcome.status == 1
    row = next(line for line in outcome.err.splitlines() if "patchify.log" in line)
    assert "arch2 · textures · batch_size=50 · step_size=4 · seed 1" in row
    assert "was killed by SIGKILL" in row
    assert "1 of 3 runs failed" in outcome.err
    found = {run.info.run_name[-6:]: run for run in runs_of(tmp_path / "mlruns", "scratch")}
    assert [found[seed].info.status for seed in ("seed 0", "seed 1", "seed 2")] == ["FINISHED", "FAILED", "FINISHED"]
    assert "was killed by SIGKILL" in found["seed 1"].data.tags["failure"]


@forks
@pytest.mark.parametrize("pressed", ["by kill", "on the keyboard"])
def test_ctrl_c_ends_the_workers_too_and_marks_their_runs(long_sweep: Started, made_store: Path, pressed: str) -> None:
    for _ in range(2):  # an impatient second press must not leave anything behind
        if pressed == "by kill":
            long_sweep.signal(signal.SIGINT)
        else:
            os.killpg(long_sweep.process.pid or 0, signal.SIGINT)
        time.sleep(0.02)
    outcome = long_sweep.end()
    assert outcome.status == 130
    assert "interrupted" in outcome.err
    assert "Traceback" not in outcome.out + outcome.err
    assert members(long_sweep) == []
    assert statuses(made_store) == ["KILLED"] * 3, "and the third was never begun"


@forks
def test_workers_whose_parent_was_killed_end_and_mark_their_runs(long_sweep: Started, made_store: Path) -> None:
    long_sweep.signal(signal.SIGKILL)
    wait_until(lambda: members(long_sweep) == [])
    assert statuses(made_store) == ["KILLED", "KILLED", "RUNNING"], "only the parent run could not be marked"


@pytest.mark.usefixtures("made_store")
def test_one_worker_is_this_process(patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_fork() -> int:
        raise AssertionError("forked")

    monkeypatch.setattr("os.fork", no_fork)
    assert patchify("-m", *TINY, "hydra.launcher.workers=1", "seed=0,1").status == 0
    assert patchify(*TINY, TWO, "study=single", "seed=2").status == 0
    assert [run.info.status for run in runs_of(tmp_path / "mlruns", "scratch")] == ["FINISHED"] * 3
    assert [run.info.status for run in runs_of(tmp_path / "mlruns", "single")] == ["FINISHED"]


@pytest.mark.usefixtures("made_store")
def test_more_threads_than_cores_are_refused_before_anything_runs(patchify: Command) -> None:
    outcome = patchify(*TINY, "threads=9999")
    assert outcome.status == 2
    assert re.search(r"threads must be at most \d+, the cores there are: got 9999; lower it", outcome.err)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["hydra.launcher.workers=0"], "hydra.launcher.workers must be at least 1: got 0; null uses all cores"),
        (["hydra/sweeper=basic"], "this launcher must have our sweeper"),
    ],
)
def test_a_launcher_that_cannot_work_says_why(patchify: Command, words: list[str], rule: str) -> None:
    outcome = patchify("-m", *TINY, *words)
    assert outcome.status == 2
    assert rule in outcome.err


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells open files by /proc")
def test_nothing_of_a_store_stays_open_where_processes_are_forked(made_store: Path) -> None:
    database = made_store / "mlflow.db"
    store = open_store(f"sqlite:///{database}")

    def still_open() -> list[Path]:
        links = Path("/proc/self/fd").iterdir()
        return [
            link.readlink() for link in links if link.is_symlink() and str(link.readlink()).startswith(str(database))
        ]

    assert still_open()
    disconnect()
    assert not still_open()
    assert study_names(existing_store(store.address)) == [], "and it is still of use"
