"""How the command that has sent jobs to a cluster looks after them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from hydra.core.utils import JobReturn, JobStatus

from hydra_plugins import _patchify_cluster
from hydra_plugins._patchify_cluster import ClusterLauncher, Ended, Jobs, OnNode
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
