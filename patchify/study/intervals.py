"""Means over seeds, with how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special


@dataclass(slots=True, kw_only=True)
class Interval:
    """A mean over n runs, with half of its 95 % interval (None where one run alone gives none).

    deviation: the standard deviation of a single run, where it was taken
    """

    mean: float
    half_width: float | None
    n: int
    deviation: float | None = None

    def includes(self, value: float) -> bool:
        """Whether the value lies within the interval; never, where a single run gives none."""
        return self.half_width is not None and abs(self.mean - value) <= self.half_width

    def excludes(self, value: float) -> bool:
        """Whether the value lies outside of the interval; never, where a single run gives none."""
        return self.half_width is not None and not self.includes(value)


def interval(values: Sequence[float]) -> Interval:
    """Mean and 95 % confidence interval by Student's t: t(0.975, n - 1) s / sqrt(n).

    >>> interval([0.50, 0.52, 0.54])
    Interval(mean=0.52, half_width=0.04968..., n=3, deviation=0.02...)
    """
    n = len(values)
    mean = float(np.mean(values))
    if n < 2:
        return Interval(mean=mean, half_width=None, n=n)
    deviation = float(np.std(values, ddof=1))
    return Interval(mean=mean, half_width=quantile(n - 1) * deviation / float(np.sqrt(n)), n=n, deviation=deviation)


@cache  # curves have an interval at each update, all of as many runs
def quantile(freedom: int) -> float:
    """t(0.975, freedom) of Student's distribution, which ends a two-sided 95 % interval.

    >>> quantile(2)
    4.3026...
    """
    return float(special.stdtrit(freedom, 0.975))  # scipy.stats has it, too, and takes 0.5 s to import
