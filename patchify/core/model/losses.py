"""Softmax, cross-entropy with label smoothing, and L2: what is trained (`cost`) and what is reported (`loss`)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from patchify.core.axes import CLASSES, Labels, Scores
from patchify.core.model.parameters import Parameters
from patchify.core.rules import at_least, require


@dataclass(slots=True, kw_only=True)
class Regularizer:
    """cost = cross-entropy against smoothed labels + l2 * (sum of squared weights), of a network that drops values.

    l2: lambda >= 0; the sum is over filters and weight matrices, not biases, so the gradient is `2 * l2 * W`
    label_smoothing: epsilon in [0, 1); 1 - epsilon on the true class, epsilon / (C - 1) on each other (eq. 23)
    dropout_responses, dropout_hidden: rates in [0, 1) at which training drops responses of filters, and hidden units
    """

    l2: float
    label_smoothing: float
    dropout_responses: float = 0.0
    dropout_hidden: float = 0.0

    def __post_init__(self) -> None:
        at_least(0, "l2", self.l2)
        require(self.l2 < float("inf"), "l2", "must be finite", self.l2, "choose about 0.003")
        for name in ("label_smoothing", "dropout_responses", "dropout_hidden"):
            share = getattr(self, name)
            require(0 <= share < 1, name, "must lie in [0, 1)", share, "choose 0 for none, or about 0.1")

    def target_table(self, dtype: DTypeLike) -> Float[np.ndarray, "C C"]:
        """Row k, and column k: the target distribution of an image of class k."""
        table = np.full((CLASSES, CLASSES), self.label_smoothing / (CLASSES - 1), dtype)
        np.fill_diagonal(table, 1 - self.label_smoothing)
        return table

    def penalty(self, parameters: Parameters) -> float:
        """l2 times the sum of the squared weights."""
        return self.l2 * float(np.dot(parameters.penalised, parameters.penalised)) if self.l2 else 0.0


def softmax(logits: Scores, out: Scores) -> Scores:
    """Class probabilities, exp(s) / sum exp(s) (eq. 6), shifted by each image's maximum against overflow."""
    np.subtract(logits, np.maximum.reduce(logits, axis=0), out=out)
    np.exp(out, out=out)
    np.divide(out, np.add.reduce(out, axis=0), out=out)
    return out


def d_cross_entropy(logits: Scores, targets: Scores, out: Scores, *, scale: float = 1.0) -> Scores:
    """Gradient of the mean cross-entropy with respect to the logits, (softmax(s) - y) / N (eq. 24), times `scale`."""
    softmax(logits, out)
    np.subtract(out, targets, out=out)
    np.multiply(out, scale / logits.shape[1], out=out)
    return out


def cross_entropies(logits: Scores, targets: Scores) -> Float[np.ndarray, "N"]:
    """Cross-entropy of each image, log(sum exp(s)) - y . s, for targets that sum to 1."""
    shifted = logits - logits.max(axis=0)
    losses: Float[np.ndarray, "N"] = np.log(np.exp(shifted).sum(axis=0)) - (targets * shifted).sum(axis=0)
    return losses


def accuracy(scores: Scores, labels: Labels) -> float:
    """Fraction of images whose largest score is at their label (eq. 7)."""
    return float(np.mean(scores.argmax(axis=0) == labels))
