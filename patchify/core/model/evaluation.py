"""Labelled images, and how well a network does on them."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from patchify.core.axes import SIDE, Images, Labels, Scores
from patchify.core.images.moves import Border, Mover, moves
from patchify.core.model.losses import Regularizer, accuracy, cross_entropies, softmax
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters
from patchify.core.rules import at_least, require

BATCH = 100
"""Images evaluated at once. Measured: with 500, whose responses leave the cache, it takes 20 % longer."""


@dataclass(slots=True, kw_only=True)
class Examples:
    """Images with their labels: (N, 3072) in Z-order, normalised, and (N,) in 0..9."""

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        # a column-ordered array, as fancy indexing of columns gives, would make every update a hundred times slower
        rows = self.images.flags.c_contiguous
        require(rows, "images", "must be stored row by row", "a column-ordered array", "use np.ascontiguousarray")

    def first(self, count: int) -> "Examples":
        """The first `count` examples (or all, if fewer), as views."""
        return Examples(images=self.images[:count], labels=self.labels[:count])


class Evaluated(enum.Enum):
    """Which parameters are evaluated, and kept: those that are trained, or their exponential moving average."""

    raw = "raw"
    ema = "ema"


@dataclass(slots=True, kw_only=True)
class EvaluationSettings:
    """What is evaluated.

    parameters: those as trained, or their moving average, which keeps `ema_decay` of itself each update
    view_shift: at the end, images are classified in several views, too: themselves and their mirror images, each also
        shifted by so many pixels to all eight sides; 0 for mirror images alone, None for neither
    test: whether the test images are; without them validation images say how well a run does, as in a search, whose
        choices must not know the test set
    """

    parameters: Evaluated = Evaluated.raw
    ema_decay: float = 0.999
    view_shift: int | None = None
    test: bool = True

    def __post_init__(self) -> None:
        inside = 0 < self.ema_decay < 1
        require(inside, "ema_decay", "must lie between 0 and 1", self.ema_decay, "choose about 0.999")
        if self.view_shift is not None:
            at_least(0, "view_shift", self.view_shift)
            require(self.view_shift < SIDE, "view_shift", f"must be below {SIDE}", self.view_shift, "choose about 2")

    @property
    def views(self) -> int:
        """Ways in which each image is classified at the end, beside the one that every record has."""
        return 0 if self.view_shift is None else 18 if self.view_shift else 2

    @property
    def kept_decay(self) -> float:
        """Of the moving average that training keeps; 0 for none."""
        return self.ema_decay if self.parameters is Evaluated.ema else 0.0


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """Means over a set of images: plain cross-entropy, the trained objective, and the fraction classified right.

    accuracy_views: the fraction classified right by the mean over views, where there are any
    """

    loss: float
    cost: float
    accuracy: float
    accuracy_views: float | None = None


@np.errstate(over="ignore", invalid="ignore")  # whoever reads the numbers checks that they are finite
def evaluate(parameters: Parameters, examples: Examples, regularizer: Regularizer) -> Evaluation:
    """Mean loss, cost and accuracy over `examples`, in batches."""
    logits = predict(parameters, examples.images)
    identity = np.eye(len(logits), dtype=logits.dtype)
    loss = cross_entropies(logits, identity[:, examples.labels]).mean(dtype=np.float64)
    trained = loss
    if regularizer.label_smoothing:
        targets = regularizer.target_table(logits.dtype)[:, examples.labels]
        trained = cross_entropies(logits, targets).mean(dtype=np.float64)
    return Evaluation(
        loss=float(loss),
        cost=float(trained) + regularizer.penalty(parameters),
        accuracy=accuracy(logits, examples.labels),
    )


def predict(parameters: Parameters, images: Images) -> Scores:
    """Logits of any number of images, computed in batches."""
    logits = np.empty((parameters.biases[-1].size, len(images)), parameters.flat.dtype)
    for part, network in _batches(parameters, len(images)):
        logits[:, part] = network.forward(images[part])
    return logits


def probabilities(parameters: Parameters, images: Images) -> Scores:
    """Class probabilities of any number of images (eq. 5)."""
    logits = predict(parameters, images)
    return softmax(logits, out=logits)


def probabilities_over_views(parameters: Parameters, images: Images, shift: int, border: Border) -> Scores:
    """Mean class probabilities of each image and its mirror image, unmoved and shifted to all eight sides.

    shift: in pixels, 0 for mirror images alone; border: what comes in where an image is shifted away
    """
    table = moves(shift, flip=True, border=border)
    ends = sorted({0, shift, 2 * shift})  # up, not at all, down; and across
    views = list(product(ends, [*ends, *(len(table.down) + end for end in ends)]))
    mean = np.zeros((parameters.biases[-1].size, len(images)), parameters.flat.dtype)
    for part, network in _batches(parameters, len(images)):
        size = network.batch_size
        mover = Mover(table, size, images.dtype)
        mover.source[...] = images[part]
        for down, across in views:
            mover(np.full(size, down), np.full(size, across))
            logits = network.forward(mover.moved)
            mean[:, part] += softmax(logits, out=logits)
    return np.divide(mean, len(views), out=mean)


def _batches(parameters: Parameters, count: int) -> Iterator[tuple[slice, Network]]:
    """Where each batch of `count` images lies, and a network for it."""
    network = Network(parameters, min(BATCH, count))
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        if size != network.batch_size:  # the rest
            network = Network(parameters, size)
        yield slice(start, start + size), network
