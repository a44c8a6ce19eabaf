"""The network in JAX: a block of updates is one compiled function, a scan over batches with donated parameters."""

from types import ModuleType
from typing import Any

import numpy as np

from patchify.benchmark.task import BATCH, L2, RATE, Positions, Task
from patchify.core.checks import reference

WEIGHTS = ("filters", "W1", "W2")
"""What L2 penalises."""


class Jax:
    """Images as patches (N, P, K), made once, so that the convolution is one matrix product.

    Measured here: `lax.conv_general_dilated` makes an update 5 to 55 times as long, W1 as (D, H) 6 to 23 % longer.
    """

    def __init__(self, jax: ModuleType, task: Task) -> None:
        self.jax, self.np = jax, jax.numpy
        initial = task.initial
        patches = task.patches().reshape(len(task.labels), -1, reference.flat(initial.filters[0]).shape[0])
        self.images, self.labels = self.np.asarray(patches), self.np.asarray(task.labels.astype(np.int32))
        arrays = {
            "filters": reference.flat(initial.filters[0]),
            "filter_bias": initial.filter_biases[0][:, 0],
            "W1": initial.weights[0],
            "b1": initial.biases[0][:, 0],
            "W2": initial.weights[1],
            "b2": initial.biases[1][:, 0],
        }
        # a copy, since an array that JAX borrows from NumPy can't be donated
        self.parameters = {name: self.np.array(array, copy=True) for name, array in arrays.items()}
        self.block = jax.jit(self._block, donate_argnums=0)

    def run(self, batches: Positions) -> None:
        """One update for each row of positions."""
        self._updates(batches)

    def losses(self, batches: Positions) -> list[float]:
        """The same, with each batch's loss before its update."""
        return [float(loss) for loss in self._updates(batches)]

    def _updates(self, batches: Positions) -> Any:
        chosen = self.np.asarray(batches.astype(np.int32))
        self.parameters, losses = self.block(self.parameters, self.images, self.labels, chosen)
        return self.jax.block_until_ready(losses)

    def _block(self, parameters: dict[str, Any], images: Any, labels: Any, batches: Any) -> tuple[dict[str, Any], Any]:
        def update(parameters: dict[str, Any], chosen: Any) -> tuple[dict[str, Any], Any]:
            loss, gradients = self.jax.value_and_grad(self._loss)(parameters, images[chosen], labels[chosen])
            moved = {
                name: value - RATE * (gradients[name] + (2 * L2 * value if name in WEIGHTS else 0))
                for name, value in parameters.items()
            }
            return moved, loss

        return self.jax.lax.scan(update, parameters, batches)  # type: ignore[no-any-return]

    def _loss(self, parameters: dict[str, Any], patches: Any, labels: Any) -> Any:
        relu = self.jax.nn.relu
        responses = patches.reshape(-1, patches.shape[-1]) @ parameters["filters"] + parameters["filter_bias"]
        hidden = relu(relu(responses).reshape(BATCH, -1) @ parameters["W1"].T + parameters["b1"])
        scores = hidden @ parameters["W2"].T + parameters["b2"]
        logs = self.jax.nn.log_softmax(scores)
        return -self.np.take_along_axis(logs, labels[:, np.newaxis], axis=1).mean()
