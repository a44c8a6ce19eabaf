"""An exponential moving average of the parameters (Polyak and Juditsky 1992 average all alike; this forgets)."""

import numpy as np

from patchify.core.axes import Vector


def decay_at(step: int, decay: float) -> float:
    """What the average keeps of itself at update number `step`: less at first, when the parameters are far from it.

    >>> [round(decay_at(step, 0.999), 3) for step in (0, 10, 100, 10_000)]
    [0.1, 0.55, 0.918, 0.999]
    """
    return min(decay, (1 + step) / (10 + step))


def follow(average: Vector, parameters: Vector, scratch: Vector, decay: float) -> None:
    """average <- decay * average + (1 - decay) * parameters, in place; scratch: (T,) is overwritten."""
    np.subtract(parameters, average, out=scratch)
    np.multiply(scratch, 1 - decay, out=scratch)
    np.add(average, scratch, out=average)
