"""Which training images each update takes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int


class Order:
    """Each epoch takes the images in a fresh permutation, and leaves out the rest that does not fill a batch.

    step: the first update; given one in the midst of an epoch, `stream` must stand where that epoch began
    """

    def __init__(self, examples: int, batch_size: int, stream: np.random.Generator, step: int) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.batches = examples // batch_size
        self.stream = stream
        if step % self.batches:
            self._begin_epoch()

    def batch(self, step: int) -> Int[np.ndarray, "N"]:
        """Positions of the images that update `step` takes; to be called for one update after the other."""
        position = step % self.batches
        if position == 0:
            self._begin_epoch()
        first = position * self.batch_size
        return self._permutation[first : first + self.batch_size]

    def stream_at(self, step: int) -> Mapping[str, Any]:
        """The stream as it was when the epoch of update `step`, the next one, began."""
        return self._epoch_began if step % self.batches else self.stream.bit_generator.state

    def _begin_epoch(self) -> None:
        self._epoch_began = self.stream.bit_generator.state
        self._permutation = self.stream.permutation(self.examples)
