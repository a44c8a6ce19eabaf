"""What every implementation has to do: the same network, from the same weights, on the same batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from patchify.benchmark.cells import Cell
from patchify.core.axes import CHANNELS, CLASSES, PIXELS, SIDE, Labels
from patchify.core.checks import reference
from patchify.core.checks.reference import RowMajorParameters
from patchify.core.images.zorder import z_order
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import Examples
from patchify.core.model.parameters import he_initialised

BATCH = 100
RATE = 0.01
L2 = 0.003

Positions = Int[np.ndarray, "updates N"]
Pictures = Float[np.ndarray, "N 32 32 3"]  # row, column, channel


@dataclass(slots=True, kw_only=True)
class Task:
    """A network's initial parameters, and the images that train it.

    pictures, labels: in row-major order, for all but ours; train: the same in Z-order
    """

    architecture: Architecture
    initial: RowMajorParameters
    pictures: Pictures
    labels: Labels
    train: Examples

    @property
    def side(self) -> int:
        """Width f of the filters."""
        return self.architecture.filter_sizes[0]

    def patches(self) -> Float[np.ndarray, "N grid grid f f 3"]:
        """The patches of every image, row by row, and the numbers in each (row, column, channel), as a view."""
        grid, side = SIDE // self.side, self.side
        return self.pictures.reshape(-1, grid, side, grid, side, CHANNELS).swapaxes(2, 3)  # row, y, column, x


class Implementation(Protocol):
    """One way to do the work of an update."""

    def run(self, batches: Positions) -> None:
        """One update for each row of positions of images: taking the batch, forward, backward and update."""


class Trainer(Implementation, Protocol):
    """One that really trains, and so can be checked."""

    def losses(self, batches: Positions) -> list[float]:
        """The same as `run`; returns the mean cross-entropy of each batch before its update."""


@dataclass(slots=True, kw_only=True)
class RandomImages:
    """Normally distributed pixels and random labels, drawn once for all networks; time does not depend on them."""

    pictures: Pictures
    labels: Labels
    train: Examples

    @classmethod
    def draw(cls, count: int) -> "RandomImages":
        """`count` images from a fixed seed."""
        rng = np.random.default_rng(0)
        pictures = rng.standard_normal((count, SIDE, SIDE, CHANNELS), dtype=np.float32)
        labels = rng.integers(CLASSES, size=count)
        z_ordered = pictures.reshape(count, PIXELS).take(z_order(), axis=1)
        return cls(pictures=pictures, labels=labels, train=Examples(images=z_ordered, labels=labels))

    def task(self, cell: Cell) -> Task:
        """Training of one network on these images."""
        architecture = Architecture(filter_sizes=[cell.f], filter_counts=[cell.nf], hidden=[cell.nh])
        parameters = he_initialised(architecture, np.random.default_rng(1), np.float32)
        return Task(
            architecture=architecture,
            initial=reference.row_major(parameters),
            pictures=self.pictures,
            labels=self.labels,
            train=self.train,
        )

    def batches(self, updates: int) -> Iterator[Positions]:
        """Positions of the images of so many updates at a time, each epoch in its own order, without end."""
        rng = np.random.default_rng(2)
        while True:
            rows = rng.permutation(len(self.labels))[: len(self.labels) // BATCH * BATCH].reshape(-1, BATCH)
            for start in range(0, len(rows) - updates + 1, updates):
                yield rows[start : start + updates]
