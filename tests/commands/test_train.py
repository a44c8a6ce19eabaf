"""The command `patchify` from end to end, on a few hundred textures."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from patchify.core.architecture import Architecture
from patchify.core.evaluation import probabilities
from patchify.core.parameters import Parameters
from patchify.core.streams import Streams, streams
from patchify.core.training import Record
from patchify.data.prepare import prepare
from patchify.data.textures import Textures
from patchify.display.events import Event
from patchify.display.sweep import SweepDisplay
from patchify.tracking.done import FinishedRun, finished_runs
from patchify.tracking.store import Store
from tests.conftest import HEAR_CTRL_C, TINY, Command


def runs_of(folder: Path, study: str) -> list[Run]:
    """The parents of sweeps, then the training runs by name: which of two workers was first is left to chance."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], order_by=["start_time ASC"])
    return sorted(found, key=lambda run: ("run_key" in run.data.tags, run.info.run_name))


def test_a_sweep_has_a_parent_run_and_a_named_child_run_for_every_job(tiny_sweep: Path) -> None:
    parent, *children = runs_of(tiny_sweep, "tiny")
    assert [run.info.run_name for run in children] == [
        "arch1 · textures · batch_size=50 · step_size=4 · seed 0",
        "arch1 · textures · batch_size=50 · step_size=4 · seed 1",
        "arch2 · textures · batch_size=50 · step_size=4 · seed 0",
        "arch2 · textures · batch_size=50 · step_size=4 · seed 1",
    ]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert {run.info.status for run in [parent, *children]} == {"FINISHED"}
    assert "run_key" not in parent.data.tags


def test_a_run_holds_every_record_by_update(tiny_sweep: Path) -> None:
    run = runs_of(tiny_sweep, "tiny")[1]
    client = MlflowClient(f"sqlite:///{tiny_sweep}/mlflow.db")
    steps = [metric.step for metric in client.get_metric_history(run.info.run_id, "test/accuracy")]
    assert steps == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]
    scores = {f"{part}/{score}" for part in ("train", "validation", "test") for score in ("loss", "cost", "accuracy")}
    assert set(run.data.metrics) == scores | {"learning_rate", "train/seconds"}


def test_a_run_says_what_it_depends_on(tiny_sweep: Path) -> None:
    run = runs_of(tiny_sweep, "tiny")[1]
    assert run.data.params["schedule.step_size"] == "4"
    assert run.data.params["seed"] == "0"
    tags = run.data.tags
    assert tags["data"] == "textures"
    assert len(tags["data.digest"]) == len(tags["run_key"]) == 64
    for key in ("data.official", "version.numpy", "version.patchify", "host", "blas", "label"):
        assert tags[key]
    assert len({run.data.tags["run_key"] for run in runs_of(tiny_sweep, "tiny")[1:]}) == 4


def test_a_kept_network_classifies_new_images_as_the_run_did(tiny_sweep: Path) -> None:
    run = runs_of(tiny_sweep, "tiny")[3]
    folder = tiny_sweep / "artifacts" / "tiny" / run.info.run_id / "artifacts"
    kept = {path.name for path in folder.iterdir()}
    pictures = {"curves.png", "filters.png", "confusion_matrix.png"}
    assert kept == {"config.yaml", "parameters.npz", "test_probabilities.npz"} | pictures

    stored = np.load(folder / "parameters.npz", allow_pickle=False)
    lists = {name: stored[name].tolist() for name in ("filter_sizes", "filter_counts", "hidden")}
    architecture = Architecture(**lists)
    parameters = Parameters(architecture, np.float32)
    parameters.assign(stored)
    source = Textures(seed=0, train=300, test=100, validation=50, split_seed=0)
    dataset = prepare(source, np.float32)
    np.testing.assert_array_equal(stored["mean"], dataset.mean)
    assert stored["class_names"].tolist() == dataset.class_names
    test = np.load(folder / "test_probabilities.npz", allow_pickle=False)
    expected = probabilities(parameters, dataset.test.images).T
    np.testing.assert_allclose(test["probabilities"], expected, atol=1e-3)  # kept in float16
    accuracy = np.mean(expected.argmax(axis=1) == test["labels"])
    assert accuracy == pytest.approx(run.data.metrics["test/accuracy"])


def test_the_store_is_in_wal_mode_and_hydra_writes_below_the_tracking_folder(tiny_sweep: Path) -> None:
    with sqlite3.connect(tiny_sweep / "mlflow.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    (sweep,) = (tiny_sweep / "hydra").iterdir()
    assert {path.name for path in sweep.iterdir() if path.is_dir()} == {"0", "1", "2", "3"}


@pytest.mark.usefixtures("made_store")
def test_the_same_settings_give_the_same_numbers(patchify: Command, tmp_path: Path) -> None:
    assert patchify(*TINY).status == 0
    assert patchify(*TINY, "rerun=true").status == 0
    first, second = runs_of(tmp_path / "mlruns", "scratch")
    assert "mlflow.parentRunId" not in first.data.tags, "a single run has no parent"
    for tag in ("run_key", "parameters_sha256"):
        assert first.data.tags[tag] == second.data.tags[tag]
    for name in ("train/loss", "test/loss", "test/accuracy"):
        assert first.data.metrics[name] == second.data.metrics[name]


def test_two_sweeps_never_write_into_one_folder(patchify: Command, made_store: Path) -> None:
    for _ in range(2):  # as if both had begun in the same second
        assert patchify(*TINY, "hydra.sweep.dir=mlruns/hydra/now", "rerun=true").status == 0
    logs = {path.relative_to(made_store / "hydra") for path in (made_store / "hydra").rglob("patchify.log")}
    assert logs == {Path("now/0/patchify.log"), Path("now-2/0/patchify.log")}


@pytest.mark.usefixtures("made_store")
def test_a_job_that_fails_for_an_unforeseen_reason_shows_it(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("patchify.run.he_initialised", broken)
    outcome = patchify(*TINY)
    assert outcome.status == 1
    assert "seed 0, failed" in outcome.err
    assert "KeyError: 'a bug'" in outcome.err, "with its traceback"
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    assert (run.info.status, run.data.tags["failure"]) == ("FAILED", "KeyError: 'a bug'")


@pytest.mark.usefixtures("made_store")
def test_a_run_that_diverges_is_marked_failed_and_the_others_go_on(patchify: Command, tmp_path: Path) -> None:
    outcome = patchify("-m", *TINY, "schedule.eta_max=1e30,0.1")
    assert outcome.status == 1
    assert "training diverged at update" in outcome.err
    assert "1 of 2 runs failed" in outcome.err
    parent, finished, failed = runs_of(tmp_path / "mlruns", "scratch")
    assert (parent.info.status, failed.info.status, finished.info.status) == ("FAILED", "FAILED", "FINISHED")
    assert failed.data.tags["failure"].startswith("Diverged: training diverged at update")
    assert "learning rate" in failed.data.tags["failure"]


def test_data_that_cannot_be_had_fail_before_anything_is_stored(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.data.cifar10.URL", "http://127.0.0.1:1/cifar-10-python.tar.gz")
    outcome = patchify(f"data.root={tmp_path / 'empty'}")
    assert outcome.status == 1
    assert str(tmp_path / "empty") in outcome.err
    assert "data=textures" in outcome.err
    assert not (tmp_path / "mlruns").exists()


def test_the_command_line_beats_the_environment_and_that_beats_the_default(
    patchify: Command, made_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/environment/mlflow.db")
    made_store.rename(tmp_path / "environment")
    assert patchify(*TINY).status == 0
    assert len(runs_of(tmp_path / "environment", "scratch")) == 1
    assert patchify(*TINY, f"tracking.uri=sqlite:///{tmp_path}/command/mlflow.db").status == 0
    assert len(runs_of(tmp_path / "command", "scratch")) == 1
    assert not (tmp_path / "mlruns" / "mlflow.db").exists()
    assert patchify(*TINY, f"tracking.folder={tmp_path}/command", "study=again", "seed=1").status == 0
    assert len(runs_of(tmp_path / "command", "again")) == 1


def test_neither_tags_nor_artifacts_hold_the_address_of_the_store(patchify: Command, made_store: Path) -> None:
    assert patchify(*TINY, f"tracking.uri=sqlite:///{made_store}/mlflow.db").status == 0
    (run,) = runs_of(made_store, "scratch")
    kept = made_store / "artifacts" / "scratch" / run.info.run_id / "artifacts" / "config.yaml"
    assert "batch_size: 50" in kept.read_text()
    assert "sqlite" not in kept.read_text()
    assert run.data.tags["command"].startswith("patchify data=textures data.train=300")
    assert not any("sqlite" in value for value in run.data.tags.values())


def test_a_store_that_does_not_answer_costs_no_result(patchify: Command, tmp_path: Path) -> None:
    dead = "tracking.uri=http://ann:secret@127.0.0.1:1"
    outcome = patchify("-m", *TINY, dead, "seed=0,1")
    assert outcome.status == 0
    assert "the store http://127.0.0.1:1 can't be used" in outcome.err
    assert "`patchify-sync` sends" in outcome.err
    assert outcome.out.count(": test accuracy") == 2
    again = patchify("-m", *TINY, dead, "seed=0,1")
    assert again.status == 0
    assert again.out.count("already done: arch2 · textures") == 2, "the journals of this store decide"
    assert "secret" not in outcome.out + outcome.err + again.out + again.err
    assert not any(b"secret" in path.read_bytes() for path in (tmp_path / "mlruns" / "runs").rglob("*.json*"))


@pytest.mark.usefixtures("made_store")
def test_a_sweep_started_again_runs_only_what_is_missing(patchify: Command, tmp_path: Path) -> None:
    assert patchify("-m", *TINY, "seed=0,1").status == 0
    outcome = patchify("-m", *TINY, "seed=0,1,2,3")
    assert outcome.status == 0
    done = [line for line in outcome.out.splitlines() if line.startswith("already done: ")]
    assert [line.partition("seed ")[2][:16] for line in done] == ["0, test accuracy", "1, test accuracy"]
    assert "study scratch: 4 runs, 2 of them done already" in outcome.out
    names = [run.info.run_name for run in runs_of(tmp_path / "mlruns", "scratch")]
    assert [name[-6:] for name in names] == ["2 runs", "4 runs", "seed 0", "seed 1", "seed 2", "seed 3"]


@pytest.mark.usefixtures("made_store")
def test_only_what_failed_is_tried_again_below_the_same_parent(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(seed: int) -> Streams:
        if seed == 1:
            raise OSError(28, "No space left on device", "somewhere")
        return streams(seed)

    with monkeypatch.context() as patch:
        patch.setattr("patchify.run.streams", broken)
        outcome = patchify("-m", *TINY, "seed=0,1", "hydra.launcher.workers=1")
    assert outcome.status == 1
    row = next(line for line in outcome.err.splitlines() if "patchify.log" in line)
    assert "seed 1" in row
    assert "[Errno 28] No space left on device: 'somewhere'" in row
    assert "1 of 2 runs failed; the same command again tries them again" in outcome.err
    again = patchify("-m", *TINY, "seed=0,1", "hydra.launcher.workers=1")
    assert again.status == 0
    assert again.out.count("already done") == 1
    parent, first, second = runs_of(tmp_path / "mlruns", "scratch")
    assert {run.info.status for run in (parent, first, second)} == {"FINISHED"}
    assert second.data.tags["mlflow.parentRunId"] == parent.info.run_id


@pytest.mark.usefixtures("made_store")
def test_a_run_of_another_study_counts_for_this_one_too(patchify: Command, summarize: Command, tmp_path: Path) -> None:
    assert patchify(*TINY, "study=one").status == 0
    outcome = patchify(*TINY, "study=two")
    assert "already done" in outcome.out
    assert "two: 1 finished runs" in summarize("two").out
    assert [run.info.status for run in runs_of(tmp_path / "mlruns", "one")] == ["FINISHED"]


@pytest.mark.usefixtures("made_store")
def test_a_run_that_was_deleted_in_the_store_is_new_again(patchify: Command, tmp_path: Path) -> None:
    assert patchify(*TINY).status == 0
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    MlflowClient(f"sqlite:///{tmp_path}/mlruns/mlflow.db").delete_run(run.info.run_id)
    assert "already done" not in patchify(*TINY).out
    assert len(runs_of(tmp_path / "mlruns", "scratch")) == 1


@pytest.mark.usefixtures("made_store")
def test_ctrl_c_marks_the_run_killed(tmp_path: Path) -> None:
    words = [*TINY, "schedule.step_size=30000"]
    code = HEAR_CTRL_C + "import sys; sys.argv[0] = 'patchify'; from patchify.commands.train import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:  # until the first record
        if "update 0/" in line:
            break
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # an impatient second press must not leave a run RUNNING
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    assert run.info.status == "KILLED"
    assert run.data.metrics["test/accuracy"] > 0, "what it had recorded was sent"


@pytest.mark.usefixtures("made_store")
def test_what_another_process_finishes_while_one_asks_is_not_computed_again(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def ask_slowly(store: Store, keys: Sequence[str]) -> dict[str, FinishedRun]:
        known = finished_runs(store, keys)
        asked.append(known)
        if len(asked) == 1:
            code = "import sys; sys.argv[0] = 'patchify'; from patchify.commands.train import main; main()"
            subprocess.run([sys.executable, "-c", code, *TINY], check=True, cwd=tmp_path, capture_output=True)
        return known

    monkeypatch.setattr("patchify.sweep.tracked.finished_runs", ask_slowly)
    assert "already done" in patchify(*TINY).out
    assert len(runs_of(tmp_path / "mlruns", "scratch")) == 1


@pytest.mark.usefixtures("made_store")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_the_last_record_ends_the_sweep_too(
    number: signal.Signals, status: int, patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_the_last(display: SweepDisplay, run: int, event: Event) -> None:
        if isinstance(event, Record) and event.step == 24:
            signal.raise_signal(number)

    monkeypatch.setattr(SweepDisplay, "show", at_the_last)
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)}
    try:
        outcome = patchify("-m", *TINY, "seed=0,1", "hydra.launcher.workers=1")
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert outcome.status == status
    assert [run.info.status for run in runs_of(tmp_path / "mlruns", "scratch")] == ["KILLED", "KILLED"]


@pytest.mark.usefixtures("made_store")
def test_a_damaged_journal_fails_its_own_run_alone(patchify: Command, tmp_path: Path) -> None:
    assert patchify("-m", *TINY, "seed=0,1").status == 0
    journal = min(path for path in tmp_path.rglob("journal.jsonl") if b'"run_key"' in path.read_bytes())
    content = journal.read_bytes()
    journal.write_bytes(content.replace(b"train/loss", b"train/lost", 1))
    outcome = patchify("-m", *TINY, "seed=0,1", "rerun=true", "hydra.launcher.workers=1")
    assert outcome.status == 1
    assert f"the journal {journal} is damaged in line" in outcome.err
    assert "1 of 2 runs failed" in outcome.err
    journal.unlink()
    assert patchify("-m", *TINY, "seed=0,1", "rerun=true", "hydra.launcher.workers=1").status == 0
