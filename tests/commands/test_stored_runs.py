"""What the command `patchify` leaves: runs with all that they depend on, in the store that was asked for."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from patchify.core.images.moves import Border
from patchify.core.model.classifier import read_classifier
from patchify.core.model.evaluation import evaluate, probabilities, probabilities_over_views
from patchify.core.model.losses import Regularizer, accuracy
from patchify.data.prepare import prepare
from patchify.data.textures import Textures
from tests.conftest import TINY, Command
from tests.in_store import runs_of


def test_a_sweep_has_a_parent_run_and_a_named_child_run_for_every_job(tiny_sweep: Path) -> None:
    parent, *children = runs_of(tiny_sweep, "tiny")
    assert [run.info.run_name for run in children] == [
        "arch1 · seed 0",
        "arch1 · seed 1",
        "arch2 · seed 0",
        "arch2 · seed 1",
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
    assert set(run.data.metrics) == scores | {"learning_rate", "train/seconds", "train/cpu_seconds"}


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
    assert kept == {"config.yaml", "model", "test_probabilities.npz"} | pictures

    classifier = read_classifier(folder / "model" / "parameters.npz")
    source = Textures(seed=0, train=300, test=100, validation=50, split_seed=0)
    dataset = prepare(source, np.float32)
    assert classifier.class_names == dataset.class_names
    test = np.load(folder / "test_probabilities.npz", allow_pickle=False)
    expected = classifier(source.read().test_images)
    np.testing.assert_array_equal(expected, probabilities(classifier.parameters, dataset.test.images).T)
    np.testing.assert_allclose(test["probabilities"], expected, atol=1e-3)  # kept in float16
    accuracy = np.mean(expected.argmax(axis=1) == test["labels"])
    assert accuracy == pytest.approx(run.data.metrics["test/accuracy"])


@pytest.mark.usefixtures("made_store")
def test_with_ema_the_files_the_digest_and_the_scores_are_of_the_average(patchify: Command, tmp_path: Path) -> None:
    assert patchify(*TINY, "evaluation=raw", "evaluation.view_shift=1").status == 0
    assert patchify(*TINY, "evaluation=ema", "evaluation.ema_decay=0.9", "evaluation.view_shift=1").status == 0
    runs = runs_of(tmp_path / "mlruns", "scratch")
    assert len({run.data.tags["parameters_sha256"] for run in runs}) == 2
    dataset = prepare(Textures(seed=0, train=300, test=100, validation=50, split_seed=0), np.float32)
    for run in runs:
        folder = tmp_path / "mlruns" / "artifacts" / "scratch" / run.info.run_id / "artifacts"
        parameters = read_classifier(folder / "model" / "parameters.npz").parameters
        assert parameters.digest() == run.data.tags["parameters_sha256"]
        scores = evaluate(parameters, dataset.test, Regularizer(l2=0.003, label_smoothing=0.0))
        assert scores.loss == pytest.approx(run.data.metrics["test/loss"])
        over_views = accuracy(
            probabilities_over_views(parameters, dataset.test.images, 1, Border.zero), dataset.test.labels
        )
        assert over_views == pytest.approx(run.data.metrics["test/accuracy_views"])


@pytest.mark.usefixtures("made_store")
def test_a_run_without_test_images_is_judged_by_validation_and_keeps_nothing_of_the_test_set(
    patchify: Command, tmp_path: Path
) -> None:
    outcome = patchify(*TINY, "evaluation.test=false")
    assert outcome.status == 0
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    assert not [name for name in run.data.metrics if name.startswith("test/")]
    assert f"validation accuracy {100 * run.data.metrics['validation/accuracy']:.2f} %" in outcome.out
    folder = tmp_path / "mlruns" / "artifacts" / "scratch" / run.info.run_id / "artifacts"
    assert [path.name for path in folder.glob("*_probabilities.npz")] == ["validation_probabilities.npz"]
    again = patchify(*TINY, "evaluation.test=false")
    assert f"accuracy {100 * run.data.metrics['validation/accuracy']:.2f} %" in again.out.partition("already done")[2]


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
