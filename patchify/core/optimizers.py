"""From gradients to the next parameters."""

from dataclasses import dataclass

import numpy as np

from patchify.core.axes import Vector, Velocity
from patchify.core.rules import require


@dataclass(slots=True, kw_only=True)
class SGD:
    """Stochastic gradient descent with heavy-ball momentum (Polyak 1964), as PyTorch's `SGD` writes it.

    v <- momentum * v + gradient;  parameters <- parameters - rate * v
    """

    momentum: float

    def __post_init__(self) -> None:
        inside = 0 <= self.momentum < 1
        require(inside, "momentum", "must lie in [0, 1)", self.momentum, "choose 0 for none, or 0.9")

    def initial_state(self, parameters: Vector) -> Velocity:
        """The velocity: (T,) zeros, or no numbers without momentum."""
        return np.zeros_like(parameters) if self.momentum else parameters[:0].copy()

    def gradient_scale(self, rate: float) -> float:
        """What the gradients that `update` takes have been multiplied by.

        Without momentum it is -rate: multiplied in once, into the few gradients of the logits, it makes every gradient
        come out as the step itself.
        """
        return 1.0 if self.momentum else -rate

    def update(
        self,
        parameters: Vector,
        scaled_gradients: Vector,
        velocity: Velocity,
        scratch: Vector,
        *,
        rate: float,
        l2: float,
    ) -> None:
        """Move `parameters` and `velocity` by one step down the loss plus l2 times the squared parameters.

        scaled_gradients: (T,) of the loss, times `gradient_scale(rate)`; scratch: (T,) is overwritten
        """
        if not self.momentum:
            if l2:
                np.multiply(parameters, 1 - 2 * l2 * rate, out=parameters)
            np.add(parameters, scaled_gradients, out=parameters)
            return
        np.multiply(velocity, self.momentum, out=velocity)
        np.add(velocity, scaled_gradients, out=velocity)
        if l2:
            np.multiply(parameters, 2 * l2, out=scratch)
            np.add(velocity, scratch, out=velocity)
        np.multiply(velocity, rate, out=scratch)
        np.subtract(parameters, scratch, out=parameters)
