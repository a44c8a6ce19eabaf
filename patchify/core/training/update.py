"""One update of the parameters from one batch."""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from patchify.core.axes import CLASSES, Scores, Vector
from patchify.core.images.augmentation import Augmentation, Batch
from patchify.core.model.evaluation import Examples
from patchify.core.model.losses import Regularizer, cross_entropies, d_cross_entropy
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters
from patchify.core.training.averaging import decay_at, follow
from patchify.core.training.optimizers import Block, Optimizer
from patchify.core.training.preconditioning import Whitening
from patchify.core.training.streams import Streams

BLOCK = 40_960
"""Parameters updated at once: each pass over them but the first finds them in the cache."""


MEANS_DECAY = 0.95
"""What the means of centered inputs keep of themselves each update.

Measured with all dense layers centered (CIFAR-10, 64 filters, 512 hidden units, 30 epochs, one seed): 72.6 % of
validation images right, with each batch's own means 70.6 %.
"""


class Diverged(ArithmeticError):
    """Training left the finite numbers."""

    def __init__(self, step: int, rate: float, cost: float) -> None:
        remedy = "lower the schedule's rates"
        super().__init__(f"training diverged at update {step}: the cost is {cost} at learning rate {rate:g}; {remedy}")


class Update:
    """Everything that an update needs, allocated once; calling it moves `parameters` by one step.

    average: the moving average of the parameters, which keeps `ema_decay` of itself each time; None where that is 0
    state: all vectors that the next update goes on from, by name
    """

    def __init__(
        self,
        parameters: Parameters,
        *,
        regularizer: Regularizer,
        optimizer: Optimizer,
        augmentation: Augmentation,
        batch_size: int,
        random: Streams,
        ema_decay: float = 0.0,
        centered: bool = False,
        whitening: Whitening | None = None,
    ) -> None:
        dtype = parameters.flat.dtype
        self.parameters = parameters
        self.regularizer = regularizer
        self.optimizer = optimizer
        self.random = random
        self.network = Network(
            parameters,
            batch_size,
            dropout_responses=regularizer.dropout_responses,
            dropout_hidden=regularizer.dropout_hidden,
            centered=centered,
        )
        self.whitening = whitening
        self.batch = Batch(augmentation, batch_size, dtype, random.augmentation)
        self.target_table = regularizer.target_table(dtype)
        self.targets: Scores = np.empty((CLASSES, batch_size), dtype)
        own = {name: np.zeros_like(parameters.flat) for name in optimizer.state_names}
        self.state = {"parameters": parameters.flat, **own}
        if centered:
            self.state["input_means"] = self.network.means
        self.ema_decay = ema_decay
        self.average = Parameters(parameters.architecture, dtype) if ema_decay else None
        if self.average:
            self.average.flat[...] = parameters.flat
            self.state["average"] = self.average.flat
        self.blocks = list(self._cut(own, regularizer.l2))

    def __call__(self, train: Examples, chosen: Int[np.ndarray, "N"], step: int, rate: float) -> None:
        """Update number `step` with the examples at the positions `chosen`, at the given learning rate.

        Raises Diverged, before the parameters change, when the gradient of the batch's loss is not finite. (The cost
        itself is not computed here: its L2 part alone would take a pass over all weights.)
        """
        network, batch = self.network, self.batch
        batch.take(train.images, chosen)
        self.target_table.take(train.labels[chosen], axis=1, out=self.targets, mode="clip")
        network.drop_out(self.random.dropout)
        logits = network.forward(batch.images)
        d_cross_entropy(logits, self.targets, out=network.d_logits, scale=self.optimizer.gradient_scale(rate))
        network.center(decay_at(step, MEANS_DECAY))
        network.backward(batch.images)
        if not math.isfinite(np.add.reduce(network.gradients.biases[-1])):  # which sum the gradients of all logits
            cost = cross_entropies(logits, self.targets).mean() + self.regularizer.penalty(self.parameters)
            raise Diverged(step, rate, float(cost))
        if self.whitening:
            self.whitening.turn(network.gradients.filters)
        decay = decay_at(step, self.ema_decay)
        for block in self.blocks:
            self.optimizer.update(block, rate=rate, step=step)
            if block.average is not None:
                follow(block.average, block.parameters, block.scratch, decay)

    def _cut(self, own: dict[str, Vector], l2: float) -> Iterator[Block]:
        """The parameters in blocks; own: the optimizer's state."""
        scratch = np.empty(BLOCK, self.parameters.flat.dtype)
        for part, penalised in _parts(self.parameters):
            yield Block(
                parameters=self.parameters.flat[part],
                gradients=self.network.gradients.flat[part],
                state={name: array[part] for name, array in own.items()},
                scratch=scratch[: part.stop - part.start],
                l2=l2 if penalised else 0.0,
                penalised=penalised,
                average=self.average.flat[part] if self.average else None,
            )


def _parts(parameters: Parameters) -> Iterator[tuple[slice, bool]]:
    """Where to cut the vector of parameters, and whether each piece is penalised."""
    weights, everything = len(parameters.penalised), len(parameters.flat)
    for first, last, penalised in ((0, weights, True), (weights, everything, False)):
        for start in range(first, last, BLOCK):
            yield slice(start, min(start + BLOCK, last)), penalised
