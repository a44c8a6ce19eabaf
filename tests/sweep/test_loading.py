"""What is loaded before a sweep's jobs begin: all data checked, the first job's kept, errors in time."""

import importlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from patchify.config.identity import run_key
from patchify.config.schema import Dtype, Run, Tracking
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import EvaluationSettings
from patchify.core.model.losses import Regularizer
from patchify.core.training.optimizers import SGD
from patchify.core.training.preconditioning import Preconditioning
from patchify.core.training.schedules import Constant
from patchify.data import prepare as module
from patchify.data.source import DataError, RawData
from patchify.data.textures import Textures
from patchify.sweep.loading import warm_up
from tests.conftest import HEAR_CTRL_C

SMALL = Textures(seed=0, train=60, test=20, validation=10, split_seed=0)


def a_run(data: Textures) -> Run:
    return Run(
        data=data,
        architecture=Architecture(filter_sizes=[4], filter_counts=[10], hidden=[50]),
        schedule=Constant(eta=0.1, updates=10),
        regularizer=Regularizer(l2=0.0, label_smoothing=0.0),
        optimizer=SGD(momentum=0.0),
        augmentation=Augmentation(),
        preconditioning=Preconditioning(),
        evaluation=EvaluationSettings(),
        seed=0,
        batch_size=10,
        dtype=Dtype.float32,
        threads=1,
        record_every=None,
        study="scratch",
        baseline=None,
        question="",
        charts={},
        plan=False,
        rerun=False,
        tracking=Tracking(uri=None, folder="mlruns"),
    )


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Textures, bool]]:
    """Every data set that is prepared, in order, and whether it is checked."""
    calls: list[tuple[Textures, bool]] = []

    def prepare(source: Textures, dtype: str, *, check: bool = False) -> SimpleNamespace:
        calls.append((source, check))
        return SimpleNamespace(digest=f"of split {source.split_seed}")

    monkeypatch.setattr("patchify.sweep.loading.prepare", prepare)
    return calls


def test_the_first_jobs_data_stay_in_memory_and_no_store_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_slowly(source: Textures, read: Callable[[Textures], RawData] = Textures.read) -> RawData:
        time.sleep(0.3)  # the imports being done, the thread is what is waited for
        return read(source)

    importlib.import_module("patchify.run")
    monkeypatch.setattr(module, "_last", {})
    monkeypatch.setattr(Textures, "read", read_slowly)
    before = threading.active_count()
    warm_up([a_run(SMALL), a_run(replace(SMALL, seed=1))])
    assert threading.active_count() == before, "the launcher forks after this"
    (key,) = module._last
    assert key[1] == SMALL.validation
    assert module.prepare(SMALL, "float32") is module._last[key]
    assert len(module._last) == 1
    assert list(tmp_path.iterdir()) == []


def test_data_sets_with_files_are_each_checked_once_and_the_first_last(
    prepared: list[tuple[Textures, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Textures, "files", [Path("file")])
    other = replace(SMALL, split_seed=1)
    warm_up([a_run(SMALL), a_run(other), a_run(SMALL), a_run(other)])
    assert prepared == [(other, True), (SMALL, True)]


def test_the_keys_are_those_of_the_runs_with_their_own_data(prepared: list[tuple[Textures, bool]]) -> None:
    runs = [a_run(SMALL), a_run(replace(SMALL, split_seed=1)), a_run(SMALL)]
    assert warm_up(runs) == [run_key(run, f"of split {run.data.split_seed}") for run in runs]


@pytest.mark.parametrize("step", ["fetch", "read"])
def test_data_that_cannot_be_had_raise_the_sources_own_error(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DataError("no data")

    monkeypatch.setattr(module, "_last", {})
    monkeypatch.setattr(Textures, step, fail)
    with pytest.raises(DataError, match="no data"):
        warm_up([a_run(SMALL)])


@pytest.mark.usefixtures("made_store")
def test_ctrl_c_does_not_wait_for_the_data(tmp_path: Path) -> None:
    code = HEAR_CTRL_C + (
        "import sys, time; sys.argv[0] = 'patchify'; from patchify.commands.train import main;"
        "from patchify.data.textures import Textures;"
        "Textures.read = lambda self: (print('reading', flush=True), time.sleep(600));"
        "main()"
    )
    command = [sys.executable, "-c", code, "data=textures"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
