"""What tests of all clusters do and look at."""

import re
from collections.abc import Sequence
from pathlib import Path

from mlflow.entities import Run

from patchify.journal.folder import RunFolder, run_folders
from patchify.journal.journal import read, recorded
from tests.in_store import assert_nothing_is_left, finished, local, runs_of
from tests.processes import patchify

LONG = ["schedule=constant", "schedule.updates=40000", "record_every=500"]
"""Some ten seconds of training."""


def runs_with_records(tracking: Path = Path("mlruns")) -> list[RunFolder]:
    """The folders of those runs that have recorded something."""
    return [folder for folder in run_folders(tracking) if recorded(read(folder.journal)) - {0}]


def trained_there_as_here(
    cluster: Sequence[str], study: Sequence[str], runs: int, said: str
) -> tuple[list[Run], re.Match[str]]:
    """Train a study on a cluster, and again here, with the same results; its runs, its parent first, and what was said.

    said: how the line begins that says where the jobs are, as a pattern; the folder of logs follows
    """
    outcome = patchify(*cluster, *study, "tracking.folder=there")
    assert outcome.status == 0, outcome
    where = re.search(rf"{said}; logs in (?P<logs>.*/jobs)\n", outcome.out)
    assert where
    assert len(re.findall(rf"^\[\d/{runs}\] .* test accuracy ", outcome.out, re.MULTILINE)) == runs
    assert patchify("-m", *study, "tracking.folder=here").status == 0
    there = Path("there").resolve()
    assert finished(local(there)) == finished(local(Path("here").resolve()))
    assert_nothing_is_left(there)
    parent, *others = runs_of(there, "scratch")
    for run in others:
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.tags["mlflow.source.git.commit"] == parent.data.tags["mlflow.source.git.commit"]
        assert run.data.tags["command"] == parent.data.tags["command"]
        log = Path(run.data.tags["log"])
        assert log.is_file()
        assert log.parent == Path(where["logs"])
    again = patchify(*cluster, *study, "tracking.folder=there")
    assert again.status == 0
    assert f"{runs} of them done already" in again.out
    return [parent, *others], where
