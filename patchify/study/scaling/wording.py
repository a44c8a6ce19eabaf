"""How a scaling study writes its numbers, with their intervals, and its tables."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float

from patchify.study.quantities import heading, quantity

Estimate = Float[np.ndarray, "3"]
"""A number and the ends of its interval."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Wording:
    """How losses of one kind are written; accuracies become error rates.

    difference: the unit of what lies between two of them; scale: factor on stored numbers; decimals: after the point
    """

    name: str
    unit: str
    difference: str
    scale: float
    decimals: int

    @classmethod
    def of(cls, column: str) -> Self:
        """Of a column of results.csv."""
        shown = quantity(column)
        name = heading(column).rpartition(" (")[0].replace("accuracy", "error")
        percent = shown.unit == "%"
        return cls(
            name=name,
            unit=shown.unit,
            difference="points" if percent else shown.unit,
            scale=shown.scale,
            decimals=shown.decimals + percent,
        )

    def loss(self, loss: float) -> str:
        """One number."""
        return f"{self.scale * loss:.{self.decimals}f}"

    def estimate(self, estimate: Estimate) -> str:
        """One with its interval."""
        return written(self.scale * estimate, f".{self.decimals}f")


def written(estimate: Estimate, style: str) -> str:
    """A number with its interval.

    >>> written(np.array([0.312, 0.25, 0.4]), ".2f")
    '0.31 [0.25, 0.40]'
    """
    value, low, high = (f"{number:{style}}".replace("-", "\N{MINUS SIGN}") for number in estimate)
    return f"{value} [{low}, {high}]"
