"""How the command that has sent jobs to a cluster looks after them."""

import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import create_autospec

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, ListConfig, OmegaConf

from hydra_plugins import _patchify_cluster, patchify_slurm_launcher
from hydra_plugins._patchify_cluster import ClusterLauncher, Ended, Jobs, OnNode
from hydra_plugins.patchify_slurm_launcher import GONE, SlurmJobs, SlurmLauncher, _Sent
from patchify.config.composing import compose_run
from patchify.config.schema import Run
from patchify.display.messages import Reader
from patchify.display.sweep import SweepDisplay
from patchify.journal.folder import run_folder
from tests.conftest import TINY


class Sent:
    """Jobs that have ended when they are looked at for the third time."""

    about = ""

    def __init__(self) -> None:
        self.looks: list[int] = []

    def ask(self) -> None:
        pass

    def ended(self, place: int) -> Ended | None:
        self.looks.append(place)
        return Ended(result=JobReturn(status=JobStatus.COMPLETED)) if Counter(self.looks)[place] == 3 else None

    def cancel(self) -> None:
        pass


class Launcher(ClusterLauncher):
    def check(self, runs: Sequence[Run]) -> None:
        pass

    def workers_for(self, runs: Sequence[Run]) -> int:
        return len(runs)

    def send(self, tasks: Sequence[OnNode]) -> Jobs:
        raise NotImplementedError


def test_more_jobs_than_can_be_looked_at_in_a_second_are_looked_at_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_patchify_cluster, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(_patchify_cluster, "LOOKS", 2)
    launcher, jobs = Launcher(), Sent()
    launcher.folders = [run_folder(tmp_path, "local", f"{number}" * 64) for number in range(3)]
    launcher.runs = [compose_run(TINY).run] * 3
    results = [JobReturn(status=JobStatus.FAILED) for _ in launcher.folders]
    readers = [Reader(tmp_path / f"{number}.messages") for number in range(3)]
    launcher._watch(jobs, readers, results, create_autospec(SweepDisplay, instance=True))
    assert jobs.looks == [0, 1, 2, 0, 1, 2, 0, 1, 2]
    assert [result.status for result in results] == [JobStatus.COMPLETED] * 3


class Executor:
    """Takes arrays of jobs, and is interrupted while it takes the first."""

    def __init__(self, *_: object, **__: object) -> None:
        self.arrays = 0

    def update_parameters(self, **_: object) -> None:
        pass

    def submit_array(self, tasks: Sequence[object]) -> list[SimpleNamespace]:
        self.arrays += 1
        signal.raise_signal(signal.SIGINT)
        return [SimpleNamespace(job_id=f"{self.arrays}_{number}") for number in range(len(tasks))]


def test_arrays_that_were_sent_are_cancelled_where_sending_the_others_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_cluster = dict.fromkeys(["partition", "account", "qos", "constraint"])
    settings = {"parallelism": 9, "timeout_min": 5, "timeouts": 1, "signal_s": 9, "mem_gb": None}
    launcher = SlurmLauncher(**settings, **of_cluster, setup=ListConfig([]), options=DictConfig({}))  # type: ignore[arg-type]
    launcher.config = OmegaConf.create({"hydra": {"sweep": {"dir": "sweep"}}})
    launcher.runs = [compose_run(TINY).run]
    cancelled: list[Sequence[str]] = []
    monkeypatch.setattr("submitit.AutoExecutor", Executor)
    monkeypatch.setattr(patchify_slurm_launcher, "largest_array", lambda: 2)
    monkeypatch.setattr(patchify_slurm_launcher, "cancel", cancelled.append)
    with pytest.raises(KeyboardInterrupt):
        launcher.send([create_autospec(OnNode)] * 4)
    assert cancelled == [["1"]]


def test_a_job_without_a_result_that_slurm_has_forgotten_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patchify_slurm_launcher, "ASK_EVERY", 0.0)
    monkeypatch.setattr(patchify_slurm_launcher, "queued", lambda *_: [])
    paths = SimpleNamespace(result_pickle=tmp_path / "result.pkl", stderr=tmp_path / "log.err")
    jobs = SlurmJobs(about="", arrays=["7"], jobs=[_Sent(job=SimpleNamespace(job_id="7_0", paths=paths))])
    for _ in range(GONE):
        assert jobs.ended(0) is None
        jobs.ask()
    ended = jobs.ended(0)
    assert ended
    assert ended.lost.startswith("Slurm ended its job 7_0 (and knows no more of it)")
