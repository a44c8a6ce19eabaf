"""Making the implementations, and refusing to compare those that do different work."""

import importlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from patchify.benchmark import ComparisonError
from patchify.benchmark.implementations.einsum import Einsum
from patchify.benchmark.implementations.jax_scan import Jax
from patchify.benchmark.implementations.ours import Floor, Ours
from patchify.benchmark.implementations.pytorch import Conv2d, PyTorch
from patchify.benchmark.names import FLOOR, OURS
from patchify.benchmark.task import Implementation, Positions, Task, Trainer

TOLERANCE = 1e-4
"""Largest relative difference of losses. Measured over the grid: at most 9e-6, and 3e-7 in nearly all networks."""

TRAINERS: dict[str, Callable[[Task], Trainer]] = {
    OURS: Ours,
    "pytorch": lambda task: PyTorch(importlib.import_module("torch"), task),
    "jax": lambda task: Jax(importlib.import_module("jax"), task),
    "einsum": Einsum,
}

FIXED: dict[str, Callable[[Task], Implementation]] = {
    FLOOR: Floor,
    "conv2d": lambda task: Conv2d(importlib.import_module("torch"), task),
    "conv_products": lambda task: Floor(task, only_convolution=True),
}
"""Parts of the work on arrays that stay: nothing is trained, so nothing can be checked."""


def implementations(names: Sequence[str], task: Task, checked: Sequence[Positions]) -> dict[str, Implementation]:
    """Ours and the named ones, by name, after they have trained on the batches `checked` and agreed."""
    trainers = {name: make(task) for name, make in TRAINERS.items() if name == OURS or name in names}
    agree(trainers, checked)
    return {**trainers, **{name: make(task) for name, make in FIXED.items() if name in names}}


def agree(trainers: Mapping[str, Trainer], checked: Sequence[Positions]) -> None:
    """Train all of them on the same batches; raises ComparisonError if a loss is not what ours is."""
    losses = {
        name: np.concatenate([trainer.losses(batches) for batches in checked]) for name, trainer in trainers.items()
    }
    ours = losses[OURS]
    for name, theirs in losses.items():
        agreed = np.abs(theirs - ours) <= TOLERANCE * np.abs(ours)  # False for NaN
        if not agreed.all():
            update = int(np.argmin(agreed))
            raise ComparisonError(
                f"{name} does other work than ours: before update {update} its loss is {theirs[update]:.6f}, "
                f"ours is {ours[update]:.6f}, and they must agree within {TOLERANCE:g}; nothing was compared"
            )
