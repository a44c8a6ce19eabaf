"""From gradients to the next parameters."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from patchify.core.axes import Vector
from patchify.core.rules import at_least, require


@dataclass(slots=True, kw_only=True)
class Block:
    """Neighbouring parameters, and what an optimizer needs to move them; all arrays are (B,) views or scratch.

    gradients: of the loss, times the optimizer's `gradient_scale`; they are overwritten
    state: the optimizer's, by name
    l2: strength lambda of the penalty on these; penalised: whether they are weights, which decay, and not biases
    average: the moving average of the parameters, if there is one; optimizers leave it alone
    """

    parameters: Vector
    gradients: Vector
    state: Mapping[str, Vector]
    scratch: Vector
    l2: float
    penalised: bool
    average: Vector | None


@dataclass(slots=True, kw_only=True)
class Optimizer:
    """What all optimizers share: their state is some vectors as long as the parameters."""

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the vectors, which begin as zeros."""
        raise NotImplementedError(f"{type(self).__name__} must name its state")

    def gradient_scale(self, rate: float) -> float:
        """What the gradients in a block have been multiplied by."""
        return 1.0

    def update(self, block: Block, *, rate: float, step: int) -> None:
        """Move the block's parameters and state by one step down the loss plus l2 times the squared parameters.

        step: updates done before
        """
        raise NotImplementedError(f"{type(self).__name__} must say how parameters move")


@dataclass(slots=True, kw_only=True)
class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as PyTorch's `SGD` writes it.

    v <- momentum * v + gradient;  parameters <- parameters - rate * v  (heavy ball, Polyak 1964), or
    parameters <- parameters - rate * (gradient + momentum * v)  (Nesterov; Sutskever et al. 2013)
    """

    momentum: float
    nesterov: bool = False

    def __post_init__(self) -> None:
        inside = 0 <= self.momentum < 1
        require(inside, "momentum", "must lie in [0, 1)", self.momentum, "choose 0 for none, or 0.9")
        possible = self.momentum > 0 or not self.nesterov
        require(possible, "nesterov", "must be false without momentum", self.nesterov, "choose a momentum, as 0.9")

    @property
    def state_names(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def gradient_scale(self, rate: float) -> float:
        """Without momentum it is -rate.

        Multiplied in once, into the few gradients of the logits, it makes every gradient come out as the step itself.
        """
        return 1.0 if self.momentum else -rate

    def update(self, block: Block, *, rate: float, step: int) -> None:
        parameters, gradients, scratch = block.parameters, block.gradients, block.scratch
        if not self.momentum:
            if block.l2:
                np.multiply(parameters, 1 - 2 * block.l2 * rate, out=parameters)
            np.add(parameters, gradients, out=parameters)
            return
        _penalise(block)
        velocity = block.state["velocity"]
        np.multiply(velocity, self.momentum, out=velocity)
        np.add(velocity, gradients, out=velocity)
        if self.nesterov:
            np.multiply(velocity, self.momentum, out=scratch)
            np.add(scratch, gradients, out=scratch)
            np.multiply(scratch, rate, out=scratch)
        else:
            np.multiply(velocity, rate, out=scratch)
        np.subtract(parameters, scratch, out=parameters)


@dataclass(slots=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as PyTorch's `AdamW` writes it.

    beta1, beta2: decay of the averages of gradients and of their squares; epsilon: added to the root of the latter
    weight_decay: times the rate, what weights lose each step; biases do not decay. (The regularizer's l2 goes into the
        gradients, as always, and so is scaled by their size; here it is better 0.)
    """

    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float

    def __post_init__(self) -> None:
        for name, beta in (("beta1", self.beta1), ("beta2", self.beta2)):
            require(0 <= beta < 1, name, "must lie in [0, 1)", beta, "choose 0.9 and 0.999")
        require(0 < self.epsilon < math.inf, "epsilon", "must be positive and finite", self.epsilon, "choose 1e-8")
        at_least(0, "weight_decay", self.weight_decay)
        require(self.weight_decay < math.inf, "weight_decay", "must be finite", self.weight_decay, "choose about 0.01")

    @property
    def state_names(self) -> tuple[str, ...]:
        return ("mean", "square")

    def update(self, block: Block, *, rate: float, step: int) -> None:
        _penalise(block)
        parameters, gradients, scratch = block.parameters, block.gradients, block.scratch
        mean, square = block.state["mean"], block.state["square"]
        if block.penalised and self.weight_decay:
            np.multiply(parameters, 1 - rate * self.weight_decay, out=parameters)
        np.multiply(mean, self.beta1, out=mean)
        np.multiply(gradients, 1 - self.beta1, out=scratch)
        np.add(mean, scratch, out=mean)
        np.multiply(square, self.beta2, out=square)
        np.multiply(gradients, gradients, out=scratch)
        np.multiply(scratch, 1 - self.beta2, out=scratch)
        np.add(square, scratch, out=square)
        # both averages begin at zero, and are as much too small as they have seen too few steps
        np.sqrt(square, out=scratch)
        np.multiply(scratch, (1 - self.beta2 ** (step + 1)) ** -0.5, out=scratch)
        np.add(scratch, self.epsilon, out=scratch)
        np.divide(mean, scratch, out=scratch)
        np.multiply(scratch, rate / (1 - self.beta1 ** (step + 1)), out=scratch)
        np.subtract(parameters, scratch, out=parameters)


def _penalise(block: Block) -> None:
    """Add the gradient of the L2 penalty."""
    if block.l2:
        np.multiply(block.parameters, 2 * block.l2, out=block.scratch)
        np.add(block.gradients, block.scratch, out=block.gradients)
