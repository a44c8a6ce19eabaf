"""Sweeps through a real Slurm: the same results, and nothing lost by what befalls its jobs."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hydra_plugins._patchify_slurm_commands import cancel, queued
from patchify.journal.journal import read
from tests.cluster.conftest import Slurm
from tests.cluster.sweeps import LONG, runs_with_records, trained_there_as_here
from tests.cluster.team import Team
from tests.conftest import TINY, Command, separate
from tests.in_store import Stored, assert_nothing_is_left, finished, local, runs, runs_of
from tests.processes import Started, patchify, sync, wait_until

SLURM = ["-m", "hydra/launcher=slurm", "hydra.launcher.timeout_min=5", "hydra.launcher.mem_gb=null"]

TWO = [*TINY[:-1], *LONG, "seed=0,1"]
"""Two runs that a test has time to do something to."""


def squeue(*words: str) -> list[str]:
    """What Slurm says of its jobs."""
    asked = ["squeue", "--noheader", "--array", *words]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


def resumptions() -> list[int]:
    """How often each run went on from a checkpoint."""
    return [[event.kind for event in read(folder.journal)].count("resumed") for folder in runs_with_records()]


def process_of(job: str) -> int:
    """The process that trains in a job of an array."""
    array, _, number = job.partition("_")
    wanted = {f"SLURM_ARRAY_JOB_ID={array}".encode(), f"SLURM_ARRAY_TASK_ID={number}".encode()}

    def is_it(folder: Path) -> bool:
        try:
            python = (folder / "cmdline").read_bytes().startswith(f"{sys.executable}\0".encode())
            return python and wanted <= set((folder / "environ").read_bytes().split(b"\0"))
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            return False

    (process,) = (int(folder.name) for folder in Path("/proc").glob("[0-9]*") if is_it(folder))
    return process


def test_a_study_of_eight_jobs_has_the_bits_that_it_has_here(slurm: Slurm) -> None:
    study = [*TINY, "architecture=arch1,arch2", "seed=0,1,2,3"]
    said = r"Slurm has them as jobs (?P<first>\d+), (?P<second>\d+): squeue -j \d+,\d+"  # an array takes five at most
    (_, *runs), where = trained_there_as_here([*SLURM, "hydra.launcher.parallelism=4"], study, 8, said)
    arrays = [Path(run.data.tags["log"]).name.partition("_")[0] for run in runs]
    assert Counter(arrays) == {where["first"]: 4, where["second"]: 4}
    for array in set(arrays):
        asked = ["scontrol", "show", "job", array]
        known = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        assert set(re.findall(r"ArrayTaskThrottle=(\d+)", known)) == {"2"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stored]:
    """What two long runs come to on this machine."""
    folder = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as environment:
        separate(environment, folder)
        assert patchify("-m", *TWO).status == 0
        return finished(local(folder / "mlruns"))


def test_a_job_that_slurm_asks_to_end_goes_on_from_its_checkpoint_when_it_is_requeued(
    slurm: Slurm, here: dict[str, Stored], tmp_path: Path
) -> None:
    sweep = Started(*SLURM, *TWO)
    wait_until(lambda: len(runs_with_records()) == 2)
    (job, *_) = squeue("--format=%i")
    subprocess.run(["scancel", "--signal=USR2", job], check=True)
    outcome = sweep.end()
    assert outcome.status == 0, outcome
    assert finished(local(tmp_path / "mlruns")) == here
    assert sorted(resumptions()) == [0, 1]


@pytest.mark.parametrize("partition", ["main", "patient"])
def test_jobs_that_give_way_to_urgent_ones_go_on_from_their_checkpoints(
    slurm: Slurm, here: dict[str, Stored], tmp_path: Path, partition: str
) -> None:
    sweep = Started(*SLURM, *TWO, f"hydra.launcher.partition={partition}")
    wait_until(lambda: len(runs_with_records()) == 2)
    urgent = ["--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true"]
    subprocess.run(["sbatch", *urgent], check=True, capture_output=True)
    outcome = sweep.end()
    assert outcome.status == 0, outcome
    assert finished(local(tmp_path / "mlruns")) == here
    assert resumptions() == [1, 1]


def test_jobs_that_are_cancelled_or_killed_fail_with_their_reason_and_go_on_later(slurm: Slurm, tmp_path: Path) -> None:
    words = [*SLURM, *TINY[:-1], *LONG, "seed=0,1,2"]
    sweep = Started(*words)
    wait_until(lambda: len(runs_with_records()) == 3)
    first, second, _ = sorted(squeue("--format=%i"))
    subprocess.run(["scancel", first], check=True)
    os.kill(process_of(second), signal.SIGKILL)
    outcome = sweep.end()
    assert outcome.status == 1, outcome
    assert "2 of 3 runs failed" in outcome.err
    assert f"Slurm ended its job {first} (cancelled)" in outcome.err
    assert f"Slurm ended its job {second} (failed)" in outcome.err
    statuses = sorted(run.info.status for run in runs_of(tmp_path / "mlruns", "scratch")[1:])
    assert statuses == ["FAILED", "FINISHED", "KILLED"]
    again = patchify(*words)
    assert again.status == 0, again
    assert "1 of them done already" in again.out
    assert len(finished(local(tmp_path / "mlruns"))) == 3
    assert_nothing_is_left(tmp_path / "mlruns")


def test_ctrl_c_cancels_the_jobs_and_the_same_command_goes_on(slurm: Slurm, tmp_path: Path) -> None:
    words = [*SLURM, *TWO]
    sweep = Started(*words)
    wait_until(lambda: len(runs_with_records()) == 2)
    sweep.signal(signal.SIGINT)
    outcome = sweep.end()
    assert outcome.status == 130, outcome
    assert squeue("--states=RUNNING,PENDING", "--format=%i") == []
    assert [run.info.status for run in runs_of(tmp_path / "mlruns", "scratch")] == ["KILLED"] * 3
    checkpoints = list((tmp_path / "mlruns").glob("runs/*/*/checkpoint*"))
    assert len(checkpoints) >= 2
    assert patchify(*words).status == 0
    assert len(finished(local(tmp_path / "mlruns"))) == 2


def test_a_password_is_in_no_file_that_jobs_are_sent_with(slurm: Slurm, tmp_path: Path) -> None:
    outcome = patchify(*SLURM, *TINY, "tracking.uri=http://ann:hunter2@127.0.0.1:9")
    assert outcome.status == 0, outcome
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.endswith("_submitted.pkl") for path in written)
    assert [path for path in written if b"hunter2" in path.read_bytes()] == []
    (folder,) = runs_with_records()
    assert json.loads(folder.journal.read_text().splitlines()[-1])["status"] == "FINISHED"


def test_what_a_job_without_a_way_to_the_server_writes_arrives_by_the_shared_folder(
    slurm: Slurm, ann: Team, tmp_path: Path
) -> None:
    nowhere = "hydra.launcher.setup=['export http_proxy=http://127.0.0.1:9']"
    study = ["study=by-folder", *TINY, "seed=0,1"]
    outcome = patchify(*SLURM, "tracking=server", *study, nowhere)
    assert outcome.status == 0, outcome
    assert outcome.err == "patchify: the store lacks parts of 2 of 2 runs: `patchify-sync` sends them\n"
    assert [run for run in runs(ann.address, "by-folder") if "run_key" in run.data.tags] == []
    assert sync().status == 0
    assert patchify("-m", *study, "tracking.uri=null", "tracking.folder=here").status == 0
    assert finished(ann.address, "by-folder") == finished(local(tmp_path / "here"), "by-folder")
    assert_nothing_is_left(tmp_path / "mlruns")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["hydra.launcher.timeout_min=soon"],
            "hydra.launcher.timeout_min must be a whole number, at least 1: got soon; change it",
        ),
        (
            ["hydra.launcher.mem_gb=lots"],
            "hydra.launcher.mem_gb must be a positive number, or null: got lots; change it",
        ),
        (["hydra.launcher.setup=module"], "hydra.launcher.setup must be a list of commands: got module; change it"),
        (
            ["hydra.launcher.parallelism=1", "seed=range(0,6)"],
            r"hydra.launcher.parallelism must be at least 2, one for each array of 5 jobs \(Slurm's MaxArraySize\): "
            "got 1; change it",
        ),
        (
            ["hydra.launcher.partition=man"],
            "hydra.launcher.partition must be one of main, patient, urgent: got man; change it",
        ),
        (["hydra.launcher.constraint=gold"], "Slurm must take the jobs: .*Invalid feature specification"),
        (["+hydra.launcher.options.distribution=gold"], "Slurm must take the jobs: .*distribution"),
    ],
)
def test_what_slurm_does_not_have_is_said_before_any_job_runs(
    slurm: Slurm, patchify: Command, words: list[str], message: str
) -> None:
    outcome = patchify(*SLURM, *TINY, *words)
    assert outcome.status == 2
    assert re.search(message, outcome.err)
    assert "Traceback" not in outcome.err


def test_jobs_that_slurm_has_forgotten_are_no_longer_queued(slurm: Slurm) -> None:
    assert queued(["99999"], "--format=%i") == []
    cancel(["99999"])


def test_why_slurm_lets_jobs_wait_is_said(slurm: Slurm) -> None:
    sweep = Started(*SLURM, *TINY, "hydra.launcher.timeout_min=600")
    wait_until(lambda: "Slurm lets jobs wait: PartitionTimeLimit; Ctrl-C cancels them" in sweep.err.read_text())
    sweep.signal(signal.SIGINT)
    assert sweep.end().status == 130


def test_a_slurm_that_is_down_is_said_before_any_job_is_sent(slurm: Slurm, patchify: Command) -> None:
    slurm.stop("slurmctld")
    try:
        outcome = patchify(*SLURM, *TINY)
    finally:
        slurm.start("slurmctld", "-D")
        wait_until(slurm.idle)
    assert outcome.status == 2
    assert "Slurm must answer: sinfo --noheader --format=%R " in outcome.err


def test_without_slurm_the_launcher_says_so(patchify: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = patchify(*SLURM, *TINY)
    assert outcome.status == 2
    assert "hydra/launcher=slurm must have Slurm's sinfo: there is none; start patchify where" in outcome.err
