"""Gradients as they would be in coordinates in which the inputs of each layer are better conditioned.

Gradient descent is slow along directions in which inputs vary little, and its rate is bounded by the one in which they
vary most: for neighbouring pixels their common brightness, for what a ReLU lets through, never negative, its mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from patchify.core.axes import Images
from patchify.core.rules import require

COUNTED = 10_000
"""Images that the covariance of patches is taken of: far more numbers than it has."""


@dataclass(slots=True, kw_only=True)
class Preconditioning:
    """How the loss's gradients are changed before the optimizer sees them; what the network computes stays the same.

    Momentum and L2 then act on weights and biases as ever: L2 counts, and shrinks, filters and weights as they are.

    whiten: filters start and move as if patches had been whitened (LeCun et al. 1998, "Efficient backprop", section
        4.3; Desjardins et al. 2015, "Natural neural networks"), with so many times the mean variance added to each,
        lest noise be blown up; 0 for not at all
    center: hidden layers move as if a moving average of their inputs' means had been subtracted from these, and their
        biases made up for it (Schraudolph 1998, "Centering neural network gradient factors"). The layer that gives the
        logits moves as ever: measured, it learns more slowly when centered, too (CIFAR-10, 64 filters, 512 hidden
        units, 30 epochs, one seed: training loss 0.75 against 0.73).
        Nothing holds the biases of filters any more, whose means hidden biases make up for: in long trainings of wide
        networks they drift apart until float32 and the moving average no longer keep up. Measured (96 filters, 768
        hidden units, 36,000 updates): at a rate of 0.05 to 86 and 1183, with losses that rise even as the rate falls to
        zero; 0.025 is smooth.
    """

    whiten: float = 0.0
    center: bool = False

    def __post_init__(self) -> None:
        require(0 <= self.whiten < math.inf, "whiten", "must be finite and at least 0", self.whiten, "choose about 0.1")


class Whitening:
    """The symmetric roots R of the inverse covariances of patches, one for each filter size.

    A filter F' of whitened patches R x is the filter R F' of the patches themselves, and as F' follows its gradient, F
    follows R R times its own. R is scaled to leave the mean variance of the numbers in a patch as it is. It is no part
    of a training's state, but made again from the same images.

    roots: (K, K) each
    """

    def __init__(self, added: float, filters: Sequence[Float[np.ndarray, "_ _"]], images: Images) -> None:
        """added: to each variance, times their mean; filters: of the network; images: (N, 3072) in Z-order."""
        self.roots = [_root(images[:COUNTED].reshape(-1, len(one)), added).astype(one.dtype) for one in filters]
        self.squares = [root @ root for root in self.roots]
        self.products = [np.empty_like(one) for one in filters]

    def start(self, filters: Sequence[Float[np.ndarray, "_ _"]]) -> None:
        """Make filters, drawn for whitened patches, those of the patches themselves."""
        self._multiply(self.roots, filters)

    def turn(self, d_filters: Sequence[Float[np.ndarray, "_ _"]]) -> None:
        """Make gradients those that whitened patches would give."""
        self._multiply(self.squares, d_filters)

    def _multiply(
        self, matrices: Sequence[Float[np.ndarray, "_ _"]], filters: Sequence[Float[np.ndarray, "_ _"]]
    ) -> None:
        for matrix, one, product in zip(matrices, filters, self.products, strict=True):
            np.matmul(matrix, one, out=product)
            one[...] = product


def _root(patches: Float[np.ndarray, "N K"], added: float) -> Float[np.ndarray, "K K"]:
    covariance = (patches.T @ patches).astype(np.float64) / len(patches)  # normalised images have mean zero
    variances, directions = np.linalg.eigh(covariance)
    variances = np.maximum(variances, 0)  # of fewer patches than numbers, some are zero but for rounding
    scales = (variances + added * variances.mean()) ** -0.5
    scales *= np.sqrt(variances.sum() / (variances * scales**2).sum())
    root: Float[np.ndarray, "K K"] = (directions * scales) @ directions.T
    return root
