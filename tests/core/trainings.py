"""Training of a small network on made-up images, for the tests of the loop."""

import numpy as np
from numpy.typing import DTypeLike

from patchify.core.axes import PIXELS
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import EvaluationSettings, Examples
from patchify.core.model.losses import Regularizer
from patchify.core.model.parameters import Parameters, he_initialised
from patchify.core.training.loop import Training
from patchify.core.training.optimizers import SGD
from patchify.core.training.preconditioning import Preconditioning
from patchify.core.training.schedules import Constant
from patchify.core.training.streams import streams

ARCHITECTURE = Architecture(filter_sizes=[16], filter_counts=[2], hidden=[4])
IMAGES, BATCH = 35, 10  # three batches an epoch, and five images left out of each


def examples(count: int = IMAGES, seed: int = 0, dtype: DTypeLike = np.float32) -> Examples:
    """Images whose first numbers tell their class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count)
    images = rng.standard_normal((count, PIXELS), dtype=np.float32)
    images[:, :10] += 10 * np.eye(10, dtype=np.float32)[labels]
    return Examples(images=images.astype(dtype), labels=labels)


def start(parameters: Parameters, **changes: object) -> Training:
    """Training with small settings, but for what is given."""
    settings: dict[str, object] = {
        "train": examples(),
        "schedule": Constant(eta=0.01, updates=12),
        "regularizer": Regularizer(l2=0.001, label_smoothing=0.1),
        "optimizer": SGD(momentum=0.0),
        "augmentation": Augmentation(),
        "preconditioning": Preconditioning(),
        "evaluation": EvaluationSettings(),
        "batch_size": BATCH,
        "random": streams(1),
        "evaluated": {"train": examples(), "test": examples(20, seed=5)},
        **changes,
    }
    return Training(parameters, **settings)  # type: ignore[arg-type]  # the settings are of many types


def fresh(seed: int = 2, dtype: DTypeLike = np.float32, architecture: Architecture = ARCHITECTURE) -> Parameters:
    return he_initialised(architecture, np.random.default_rng(seed), dtype)
