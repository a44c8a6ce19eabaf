"""Sweeps through a real Ray: the same results, and nothing lost with a node."""

import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cluster.sweeps import LONG, runs_with_records, trained_there_as_here
from tests.conftest import TINY
from tests.in_store import assert_nothing_is_left, finished, local, runs_of
from tests.processes import Started, patchify, wait_until

pytestmark = pytest.mark.skipif(not find_spec("ray"), reason="there is no Ray: pip install ray")

RAY = ["-m", "hydra/launcher=ray"]
NODES = Path(__file__).with_name("ray_nodes.py")


class Nodes:
    """A cluster of two nodes with a core each, on loopback alone; `address` is that of the first."""

    def __init__(self) -> None:
        with Path("nodes.err").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, NODES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.address = self._line()

    def end_one(self) -> None:
        """End the second node as a power failure would."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self._line() == "ended"

    def stop(self) -> None:
        """End all."""
        self.process.communicate(timeout=60)

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nodes]:
    """The same, with a token that only the test knows."""
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(16))
    nodes = Nodes()
    yield nodes
    nodes.stop()


def test_a_study_has_the_bits_that_it_has_here() -> None:
    study = [*TINY, "architecture=arch1,arch2", "seed=0,1"]
    trained_there_as_here(RAY, study, 4, "Ray has them: ray list tasks")


def test_what_a_killed_node_ran_goes_on_from_its_checkpoint_on_another(nodes: Nodes, tmp_path: Path) -> None:
    study = [*TINY[:-1], *LONG, "seed=0,1,2"]
    sweep = Started(*RAY, *study, f"hydra.launcher.address={nodes.address}", "tracking.folder=there")
    wait_until(lambda: len(runs_with_records(Path("there"))) == 2)
    nodes.end_one()
    outcome = sweep.end()
    assert outcome.status == 0, outcome
    assert patchify("-m", *study, "tracking.folder=here").status == 0
    assert finished(local(tmp_path / "there")) == finished(local(tmp_path / "here"))
    assert_nothing_is_left(tmp_path / "there")


def test_ctrl_c_ends_all_jobs_and_the_same_command_goes_on(tmp_path: Path) -> None:
    study = [*TINY[:-1], *LONG, "seed=0,1", "tracking.folder=there"]
    sweep = Started(*RAY, *study)
    wait_until(lambda: len(runs_with_records(Path("there"))) >= 1)
    sweep.signal(signal.SIGINT)
    assert sweep.end().status == 130
    assert {run.info.status for run in runs_of(tmp_path / "there", "scratch")} <= {"KILLED", "RUNNING"}
    assert patchify(*RAY, *study).status == 0
    assert len(finished(local(tmp_path / "there"))) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hydra.launcher.address=127.0.0.1:9"], r"hydra\.launcher\.address must be a Ray cluster: .*ray start --head"),
        (["threads=64"], "threads must be at most .*, the cores of a node: got 64; lower it"),
    ],
)
def test_what_cannot_work_is_said_before_anything_runs(words: list[str], said: str) -> None:
    outcome = patchify(*RAY, *TINY, "seed=0,1", *words)
    assert outcome.status == 2
    assert re.search(said, outcome.err), outcome
    assert "Traceback" not in outcome.err
    assert not Path("mlruns").exists()
