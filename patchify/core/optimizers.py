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

    def update(self, parameters: Vector, gradients: Vector, velocity: Velocity, rate: float, scratch: Vector) -> None:
        """Move `parameters` and `velocity` by one step; `scratch` (T,) is overwritten."""
        direction = gradients
        if self.momentum:
            np.multiply(velocity, self.momentum, out=velocity)
            direction = np.add(velocity, gradients, out=velocity)
        np.multiply(direction, rate, out=scratch)
        np.subtract(parameters, scratch, out=parameters)
