"""One update of the parameters from one batch."""

import math

import numpy as np
from jaxtyping import Int

from patchify.core.architecture import Architecture
from patchify.core.evaluation import Examples
from patchify.core.losses import Regularizer, cross_entropies, d_cross_entropy
from patchify.core.network import Workspace, backward, forward
from patchify.core.optimizers import SGD
from patchify.core.parameters import Parameters


class Diverged(ArithmeticError):
    """Training left the finite numbers."""

    def __init__(self, step: int, rate: float, cost: float) -> None:
        remedy = "lower the schedule's rates"
        super().__init__(f"training diverged at update {step}: the cost is {cost} at learning rate {rate:g}; {remedy}")


class Update:
    """Everything that an update needs, allocated once; calling it moves `parameters` by one step."""

    def __init__(
        self,
        parameters: Parameters,
        architecture: Architecture,
        *,
        regularizer: Regularizer,
        optimizer: SGD,
        batch_size: int,
    ) -> None:
        dtype = parameters.flat.dtype
        self.parameters = parameters
        self.regularizer = regularizer
        self.optimizer = optimizer
        self.work = Workspace(architecture, batch_size, dtype)
        self.gradients = Parameters(architecture, dtype)
        self.velocity = optimizer.initial_state(parameters.flat)
        self.scratch = np.empty_like(parameters.flat)
        self.target_table = regularizer.target_table(dtype)

    @np.errstate(over="ignore", invalid="ignore")  # overflow is caught as a cost that is not finite
    def __call__(self, train: Examples, chosen: Int[np.ndarray, "N"], step: int, rate: float) -> None:
        """Update number `step` with the examples at the positions `chosen`, at the given learning rate.

        Raises Diverged, before the parameters change, when the gradient of the batch's cost is not finite. (The cost
        itself is not computed here: its L2 part alone would take a pass over all weights.)
        """
        work, parameters, gradients = self.work, self.parameters, self.gradients
        np.take(train.images, chosen, axis=0, out=work.batch, mode="clip")  # mode "raise" would buffer the batch
        np.take(self.target_table, train.labels[chosen], axis=0, out=work.targets, mode="clip")
        d_cross_entropy(forward(parameters, work.batch, work), work.targets, out=work.d_logits)
        if not math.isfinite(work.d_logits.sum()):
            cost = cross_entropies(work.logits, work.targets).mean() + self.regularizer.penalty(parameters)
            raise Diverged(step, rate, float(cost))
        backward(parameters, work.batch, work, gradients)
        self.regularizer.add_d_penalty(parameters, gradients, self.scratch)
        self.optimizer.update(parameters.flat, gradients.flat, self.velocity, rate, self.scratch)
