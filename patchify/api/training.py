"""Training and using a network from Python."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from patchify.config import plain
from patchify.config.schema import Dtype
from patchify.core.images.augmentation import Augmentation
from patchify.core.model import evaluation as core
from patchify.core.model.architecture import Architecture
from patchify.core.model.classifier import Classifier
from patchify.core.model.evaluation import EvaluationSettings
from patchify.core.model.losses import Regularizer
from patchify.core.rules import require
from patchify.core.training.optimizers import Optimizer
from patchify.core.training.preconditioning import Preconditioning
from patchify.core.training.schedules import Schedule
from patchify.data.cifar10 import Cifar10
from patchify.data.pictures import picture_files, read_picture
from patchify.data.prepare import prepare
from patchify.data.source import DataSource, Pixels
from patchify.data.textures import Textures
from patchify.training import training_of


def cifar10(root: str | Path | None = None, **changes: Any) -> Cifar10:
    """CIFAR-10, found or downloaded when it is first used; `.read()` gives its pixels and labels.

    root: the folder that holds it; None: the one that PATCHIFY_DATA names, or the user's cache folder
    changes: of other settings, as `validation=5000` for so many training images held out; see `Cifar10`
    """
    found: Cifar10 = plain.option("data", "cifar10", **({} if root is None else {"root": str(root)}), **changes)
    return found


def textures(**changes: Any) -> Textures:
    """Ten classes of textures of CIFAR-10's shape, which need no files; `.read()` gives their pixels and labels.

    changes: of settings, as `train=5000, test=1000` for so many images; see `Textures`
    """
    made: Textures = plain.option("data", "textures", **changes)
    return made


def train(
    data: DataSource | str,
    *,
    recipe: str | None = None,
    architecture: Architecture | str | None = None,
    schedule: Schedule | str | None = None,
    regularizer: Regularizer | str | None = None,
    optimizer: Optimizer | str | None = None,
    augmentation: Augmentation | str | None = None,
    preconditioning: Preconditioning | str | None = None,
    evaluation: EvaluationSettings | str | None = None,
    seed: int | None = None,
    batch_size: int | None = None,
    dtype: Dtype | str | None = None,
    threads: int | None = None,
    record_every: int | None = None,
) -> tuple[Classifier, pd.DataFrame]:
    """Train one network, to the bits of the command `patchify` with the same settings; nothing is written.

    data and each setting down to `evaluation`: an object, or the name of an option, as "cosine" in
        `patchify schedule=cosine`; what is left out is the recipe's, as "best_quick", or the baseline's
        (conf/config.yaml)
    record_every: updates between two rows of the history; left out, it is the schedule's choice

    Returns the network and its history: a row for each record, with `step` (updates done) and all metrics by the names
    that a store has: `train/loss`, `test/accuracy` (a fraction), `learning_rate`, `train/seconds`, ...
    Ctrl-C raises KeyboardInterrupt, and what was learned is lost; the command `patchify` goes on from checkpoints.

    Raises ValueError for what can't be run, DataError, and Diverged where the rates are too high.
    """
    run = plain.run(
        recipe=recipe,
        data=data,
        architecture=architecture,
        schedule=schedule,
        regularizer=regularizer,
        optimizer=optimizer,
        augmentation=augmentation,
        preconditioning=preconditioning,
        evaluation=evaluation,
        seed=seed,
        batch_size=batch_size,
        dtype=dtype,
        threads=threads,
        record_every=record_every,
    )
    dataset = prepare(run.data, run.dtype.value)
    with training_of(run, dataset) as training:
        rows = [{"step": record.step, **record.metrics()} for record in training if record.evaluations]
    network = Classifier(
        parameters=training.result, mean=dataset.mean, std=dataset.std, class_names=dataset.class_names
    )
    return network, pd.DataFrame(rows)


def evaluate(network: Classifier, data: DataSource | str) -> pd.DataFrame:
    """Mean cross-entropy (`loss`) and fraction classified right (`accuracy`), a row for each set of images.

    The rows are `train`, the first 10,000 training images as in a history, `validation`, if any, and `test`.
    Raises ValueError for data that are not split as those that the network was trained on, and DataError.
    """
    source: DataSource = plain.chosen("data", data)
    dataset = prepare(source, network.mean.dtype)
    same = np.array_equal(dataset.mean, network.mean) and np.array_equal(dataset.std, network.std)
    rule = "must be split as those that the network was trained on"
    remedy = "give the same validation and split_seed, or have predict classify pixels"
    require(same, "data", rule, source, remedy)
    plain_loss = Regularizer(l2=0.0, label_smoothing=0.0)
    scores = {
        name: core.evaluate(network.parameters, examples, plain_loss)
        for name, examples in dataset.evaluated(test=True).items()
    }
    rows = [{"loss": score.loss, "accuracy": score.accuracy} for score in scores.values()]
    return pd.DataFrame(rows, index=list(scores))


def predict(network: Classifier, images: Pixels | str | Path | Iterable[str | Path]) -> pd.DataFrame:
    """Probabilities: a row for each image, a column for each class.

    images: pixels, N x 32 x 32 x 3 whole numbers of 0 to 255 (uint8) by row, column and RGB; or picture files, or
        folders of them, of which the network sees the square in the middle: their rows have the names of the files
    Raises ValueError for other arrays, and DataError for what can't be read as a picture.
    """
    if isinstance(images, np.ndarray):
        return pd.DataFrame(network(images), columns=network.class_names)
    paths = [images] if isinstance(images, str | Path) else images
    pictures = [read_picture(file) for path in paths for file in picture_files(Path(path))]
    probabilities = network(np.stack([picture.pixels for picture in pictures]))
    return pd.DataFrame(probabilities, index=[str(picture.path) for picture in pictures], columns=network.class_names)
