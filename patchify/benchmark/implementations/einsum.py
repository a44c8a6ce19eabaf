"""The network as the assignment describes it (Exercises 1 and 2): Einstein summations over MX (n_p, 3f², n)."""

import numpy as np

from patchify.benchmark.task import L2, RATE, Positions, Task
from patchify.core.axes import CLASSES
from patchify.core.checks import reference


class Einsum:
    """MX is computed once for all images; the images are its last axis, and each step makes new arrays."""

    def __init__(self, task: Task) -> None:
        patches = task.patches().transpose(1, 2, 3, 4, 5, 0)  # row, column, y, x, channel, image
        grid, side, images = patches.shape[0], patches.shape[2], patches.shape[5]
        self.MX = patches.reshape(grid * grid, side * side * 3, images)
        self.Y = np.eye(CLASSES, dtype=np.float32)[:, task.labels]
        initial = task.initial
        self.filters = reference.flat(initial.filters[0]).copy()
        self.filter_bias = initial.filter_biases[0].copy()
        self.W1, self.W2 = (weights.copy() for weights in initial.weights)
        self.b1, self.b2 = (bias.copy() for bias in initial.biases)

    def run(self, batches: Positions) -> None:
        """One update for each row of positions."""
        for chosen in batches:
            self._update(self.MX[:, :, chosen], self.Y[:, chosen])

    def losses(self, batches: Positions) -> list[float]:
        """The same, with each batch's loss before its update."""
        losses = []
        for chosen in batches:
            probabilities = self._update(self.MX[:, :, chosen], self.Y[:, chosen])
            losses.append(float(-np.log((self.Y[:, chosen] * probabilities).sum(axis=0)).mean()))
        return losses

    def _update(self, MX: np.ndarray, Y: np.ndarray) -> np.ndarray:  # noqa: N803  the assignment's names
        """Forward (eqs. 1-5), backward (eqs. 21, 22 and 24) and update; returns P (C, N) from before the update."""
        convolved = np.einsum("ijn, jl -> iln", MX, self.filters, optimize=True) + self.filter_bias
        patches, filter_count, n = convolved.shape
        h = np.fmax(convolved.reshape((patches * filter_count, n), order="C"), 0)
        X1 = np.fmax(self.W1 @ h + self.b1, 0)  # noqa: N806
        s = self.W2 @ X1 + self.b2
        P = np.exp(s - s.max(axis=0))  # noqa: N806
        P /= P.sum(axis=0)  # noqa: N806

        G = -(Y - P)  # noqa: N806
        d_W2, d_b2 = G @ X1.T / n + 2 * L2 * self.W2, G.mean(axis=1, keepdims=True)  # noqa: N806
        G = (self.W2.T @ G) * (X1 > 0)  # noqa: N806
        d_W1, d_b1 = G @ h.T / n + 2 * L2 * self.W1, G.mean(axis=1, keepdims=True)  # noqa: N806
        G = (self.W1.T @ G) * (h > 0)  # noqa: N806
        GG = G.reshape((patches, filter_count, n), order="C")  # noqa: N806
        MXt = np.transpose(MX, (1, 0, 2))  # noqa: N806
        d_filters = np.einsum("ijn, jln -> il", MXt, GG, optimize=True) / n + 2 * L2 * self.filters
        d_filter_bias = GG.sum(axis=(0, 2))[:, np.newaxis] / n

        self.filters -= RATE * d_filters
        self.filter_bias -= RATE * d_filter_bias
        self.W1 -= RATE * d_W1
        self.b1 -= RATE * d_b1
        self.W2 -= RATE * d_W2
        self.b2 -= RATE * d_b2
        return np.asarray(P)
