"""Labelled images, and how well a network does on them."""

from dataclasses import dataclass

import numpy as np

from patchify.core.architecture import Architecture
from patchify.core.axes import Images, Labels, Scores
from patchify.core.losses import Regularizer, accuracy, cross_entropies, softmax
from patchify.core.network import Workspace, forward
from patchify.core.parameters import Parameters
from patchify.core.rules import require

BATCH = 500
"""Images evaluated at once: few large GEMMs that still fit the cache."""


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


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """Means over a set of images: plain cross-entropy, the trained objective, and the fraction classified right."""

    loss: float
    cost: float
    accuracy: float


@np.errstate(over="ignore", invalid="ignore")  # whoever reads the numbers checks that they are finite
def evaluate(
    parameters: Parameters, architecture: Architecture, examples: Examples, regularizer: Regularizer
) -> Evaluation:
    """Mean loss, cost and accuracy over `examples`, in batches."""
    logits = predict(parameters, architecture, examples.images)
    identity = np.eye(logits.shape[1], dtype=logits.dtype)
    targets = regularizer.target_table(logits.dtype)
    loss = cross_entropies(logits, identity[examples.labels]).mean(dtype=np.float64)
    smoothed = cross_entropies(logits, targets[examples.labels]).mean(dtype=np.float64)
    return Evaluation(
        loss=float(loss),
        cost=float(smoothed) + regularizer.penalty(parameters),
        accuracy=accuracy(logits, examples.labels),
    )


def predict(parameters: Parameters, architecture: Architecture, images: Images) -> Scores:
    """Logits of any number of images, computed in batches."""
    dtype = parameters.flat.dtype
    logits = np.empty((len(images), parameters.biases[-1].size), dtype)
    work = Workspace(architecture, min(BATCH, len(images)), dtype)
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        if len(batch) != len(work.ones):
            work = Workspace(architecture, len(batch), dtype)
        logits[start : start + len(batch)] = forward(parameters, batch, work)
    return logits


def probabilities(parameters: Parameters, architecture: Architecture, images: Images) -> Scores:
    """Class probabilities of any number of images (eq. 5)."""
    logits = predict(parameters, architecture, images)
    return softmax(logits, out=logits)
