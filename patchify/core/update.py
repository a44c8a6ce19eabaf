"""One update of the parameters from one batch."""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from patchify.core.axes import CLASSES, PIXELS, Images, Scores
from patchify.core.evaluation import Examples
from patchify.core.losses import Regularizer, cross_entropies, d_cross_entropy
from patchify.core.network import Network
from patchify.core.optimizers import SGD
from patchify.core.parameters import Parameters

BLOCK = 40_960
"""Parameters updated at once: each pass over them but the first finds them in the cache."""


class Diverged(ArithmeticError):
    """Training left the finite numbers."""

    def __init__(self, step: int, rate: float, cost: float) -> None:
        remedy = "lower the schedule's rates"
        super().__init__(f"training diverged at update {step}: the cost is {cost} at learning rate {rate:g}; {remedy}")


class Update:
    """Everything that an update needs, allocated once; calling it moves `parameters` by one step."""

    def __init__(self, parameters: Parameters, *, regularizer: Regularizer, optimizer: SGD, batch_size: int) -> None:
        dtype = parameters.flat.dtype
        self.parameters = parameters
        self.regularizer = regularizer
        self.optimizer = optimizer
        self.network = Network(parameters, batch_size)
        self.batch: Images = np.empty((batch_size, PIXELS), dtype)
        self.target_table = regularizer.target_table(dtype)
        self.targets: Scores = np.empty((CLASSES, batch_size), dtype)
        self.velocity = optimizer.initial_state(parameters.flat)
        self.scratch = np.empty(BLOCK, dtype)
        self.blocks = [
            (parameters.flat[block], self.network.gradients.flat[block], self.velocity[block], l2)
            for block, l2 in _blocks(parameters, regularizer.l2)
        ]

    def __call__(self, train: Examples, chosen: Int[np.ndarray, "N"], step: int, rate: float) -> None:
        """Update number `step` with the examples at the positions `chosen`, at the given learning rate.

        Raises Diverged, before the parameters change, when the gradient of the batch's loss is not finite. (The cost
        itself is not computed here: its L2 part alone would take a pass over all weights.)
        """
        network = self.network
        train.images.take(chosen, axis=0, out=self.batch, mode="clip")  # mode "raise" would buffer the batch
        self.target_table.take(train.labels[chosen], axis=1, out=self.targets, mode="clip")
        logits = network.forward(self.batch)
        d_cross_entropy(logits, self.targets, out=network.d_logits, scale=self.optimizer.gradient_scale(rate))
        network.backward(self.batch)
        if not math.isfinite(np.add.reduce(network.gradients.biases[-1])):  # which sum the gradients of all logits
            cost = cross_entropies(logits, self.targets).mean() + self.regularizer.penalty(self.parameters)
            raise Diverged(step, rate, float(cost))
        for parameters, gradients, velocity, l2 in self.blocks:
            self.optimizer.update(parameters, gradients, velocity, self.scratch[: len(parameters)], rate=rate, l2=l2)


def _blocks(parameters: Parameters, l2: float) -> Iterator[tuple[slice, float]]:
    """Where to cut the vector of parameters, and how strongly each piece is penalised."""
    weights, everything = len(parameters.penalised), len(parameters.flat)
    for first, last, strength in ((0, weights, l2), (weights, everything, 0.0)):
        for start in range(first, last, BLOCK):
            yield slice(start, min(start + BLOCK, last)), strength
