"""The network in one file against the package: the same data, draws and settings give the same numbers."""

import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples import one_file
from patchify.core.axes import PIXELS
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import EvaluationSettings
from patchify.core.model.losses import Regularizer
from patchify.core.model.parameters import he_initialised
from patchify.core.training.loop import Training
from patchify.core.training.optimizers import SGD
from patchify.core.training.preconditioning import Preconditioning
from patchify.core.training.schedules import Cyclic
from patchify.core.training.streams import streams
from patchify.data.prepare import prepare
from patchify.data.textures import Textures
from tests.conftest import TINY, Command

TEXTURES = Textures(seed=0, train=300, test=100, validation=50, split_seed=0)  # those of TINY
SETTINGS = one_file.Settings(batch_size=50, step_size=4, validation=50, dtype="float64")
SMALL = ["--batch-size=50", "--step-size=4", "--validation=50"]
ROUNDING = 1e-13
"""Measured: 9e-16 after 24 updates; a product and its sum over images are taken in pieces there, at once here."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The textures as CIFAR-10 is stored: six pickles of images in planar order."""
    made = tmp_path_factory.mktemp("cifar-10-batches-py")
    raw = TEXTURES.read()
    parts = zip(np.split(raw.train_images, 5), np.split(raw.train_labels, 5), strict=True)
    files = {f"data_batch_{number}": part for number, part in enumerate(parts, start=1)}
    for name, (images, labels) in {**files, "test_batch": (raw.test_images, raw.test_labels)}.items():
        planar = images.transpose(0, 3, 1, 2).reshape(-1, PIXELS)
        (made / name).write_bytes(pickle.dumps({b"data": planar, b"labels": labels.tolist()}))
    return made


def package_training(settings: one_file.Settings) -> Training:
    """The package's training with the same settings, with a record at the end of each rise and each fall."""
    dataset, random = prepare(TEXTURES, settings.dtype), streams(settings.seed)
    architecture = Architecture(
        filter_sizes=[settings.filter_size], filter_counts=[settings.filter_count], hidden=[settings.hidden]
    )
    schedule = Cyclic(
        eta_min=settings.eta_min,
        eta_max=settings.eta_max,
        cycles=settings.cycles,
        decay=1.0,
        step_size=settings.step_size,
        growth=float(settings.growth),
    )
    return Training(
        he_initialised(architecture, random.weights, settings.dtype),
        dataset.train,
        schedule=schedule,
        regularizer=Regularizer(l2=settings.l2, label_smoothing=settings.label_smoothing),
        optimizer=SGD(momentum=0.0),
        augmentation=Augmentation(),
        preconditioning=Preconditioning(),
        evaluation=EvaluationSettings(),
        batch_size=settings.batch_size,
        random=random,
        evaluated=dataset.evaluated(test=True),
        record_every=settings.step_size,
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="baseline"),
        pytest.param({"filter_size": 8, "label_smoothing": 0.1, "growth": 2, "seed": 3}, id="smoothed"),
        pytest.param({"filter_size": 2, "filter_count": 3, "l2": 0.0, "batch_size": 60}, id="no-l2"),
    ],
)
def test_one_file_trains_the_network_of_the_package(folder: Path, changes: dict[str, float]) -> None:
    settings = one_file.Settings(**{**vars(SETTINGS), **changes})
    splits = dict(zip(("train", "validation", "test"), one_file.load(folder, settings), strict=True))
    steps = one_file.train(splits["train"], settings)
    marks = ((step, network) for step, network in steps if step % settings.step_size == 0)
    training = package_training(settings)
    records = (record for record in training if record.evaluations)
    for record, (step, network) in zip(records, marks, strict=True):
        assert record.step == step
        flat = np.concatenate([array.ravel() for array in network])
        np.testing.assert_allclose(flat, training.result.flat, rtol=0, atol=ROUNDING)
        assert set(record.evaluations) == set(splits)
        for name, evaluation in record.evaluations.items():
            loss, cost, accuracy = one_file.evaluate(network, splits[name], settings)
            assert (loss, cost) == pytest.approx((evaluation.loss, evaluation.cost), rel=ROUNDING)
            assert accuracy == evaluation.accuracy
    assert record.step == (56 if settings.growth == 2 else 24)


@pytest.mark.usefixtures("made_store")
def test_it_prints_what_patchify_prints(folder: Path, patchify: Command) -> None:
    command = [sys.executable, "-W", "error", one_file.__file__, str(folder), *SMALL]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = printed.splitlines()[-1]
    assert re.fullmatch(r"test accuracy \d+\.\d\d %, loss \d\.\d\d\d", result)
    assert result in patchify(*TINY).out


def test_it_takes_numpy_and_fewer_than_200_lines() -> None:
    source = Path(one_file.__file__).read_text()
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", source, flags=re.MULTILINE))
    assert imported - sys.stdlib_module_names == {"numpy"}
    assert len(source.splitlines()) < 200
