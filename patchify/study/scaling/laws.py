"""Power laws with a floor: fitted to measured losses, and how sure they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from patchify.study import ResultsError

SLOWEST, FASTEST = 0.02, 4.0
"""Exponents are searched between these; an interval that reaches one of them says that the data decide nothing."""
SAMPLES = 200
"""Fits to errors drawn anew, which intervals are taken from."""
STARTS = (0.1, 0.4, 1.5)
"""Exponents that the search begins from."""

Points = Float[np.ndarray, "*S D"]
Losses = Float[np.ndarray, "*S"]


@dataclass(slots=True, kw_only=True, frozen=True)
class PowerLaw:
    """loss(x) = floor + sum over d of shares[d] (x[d] / centres[d]) ** -exponents[d].

    shares: (D,) what each quantity that is still too small costs at the centres
    """

    floor: float
    shares: Float[np.ndarray, "D"]
    exponents: Float[np.ndarray, "D"]
    centres: Float[np.ndarray, "D"]

    def __call__(self, points: Points) -> Losses:
        """The losses at points (..., D)."""
        return np.asarray(self.floor + self.terms(points).sum(axis=-1))

    def terms(self, points: Points) -> Points:
        """What each quantity adds to the floor."""
        return np.asarray(self.shares * (points / self.centres) ** -self.exponents)


def parameters(dimensions: int) -> int:
    """Numbers that a law of so many dimensions has: a floor, and a share and an exponent for each."""
    return 1 + 2 * dimensions


def fit(points: Points, losses: Losses, starts: Sequence[Float[np.ndarray, "D"]] = ()) -> PowerLaw:
    """The law of least squared relative errors, with nothing in it below zero.

    For given exponents the rest is linear, so only they are searched: the best end of a search from each of `starts`.

    points: (S, D) positive; losses: (S,) positive
    Raises ResultsError for too few points, or too few values along a dimension.
    """
    settings, dimensions = points.shape
    values = min(len(set(column)) for column in points.T)
    if settings <= parameters(dimensions) or values < 3:
        raise ResultsError(
            f"a power law in {dimensions} quantities must be fitted to at least {parameters(dimensions) + 1} settings "
            f"with 3 values of each quantity: got {settings} settings and {values} values; train more of the grid"
        )
    centres = np.exp(np.log(points).mean(axis=0))

    def rest(logs: Float[np.ndarray, "D"]) -> tuple[Float[np.ndarray, "_"], float]:
        terms = np.column_stack([np.ones(settings), (points / centres) ** -np.exp(logs)])
        return scipy.optimize.nnls(terms / losses[:, np.newaxis], np.ones(settings))

    def squares(logs: Float[np.ndarray, "D"]) -> float:
        return rest(logs)[1] ** 2

    bounds = [(float(np.log(SLOWEST)), float(np.log(FASTEST)))] * dimensions
    ends = [
        scipy.optimize.minimize(squares, np.log(start), bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-9})
        for start in starts or [np.full(dimensions, start) for start in STARTS]
    ]
    logs = min(ends, key=lambda end: float(end.fun)).x
    floor, *shares = rest(logs)[0]
    return PowerLaw(floor=float(floor), shares=np.array(shares), exponents=np.exp(logs), centres=centres)


@dataclass(slots=True, kw_only=True, frozen=True)
class Bootstrap:
    """A law with `samples`, the laws that other errors would have given, for intervals of what follows from it."""

    law: PowerLaw
    samples: list[PowerLaw]

    def estimates(self, numbers: Callable[[PowerLaw], ArrayLike]) -> Float[np.ndarray, "K 3"]:
        """K numbers of a law, each with the ends of its 95 % percentile interval."""
        samples = np.array([np.ravel(numbers(law)) for law in self.samples])
        return np.column_stack([np.ravel(numbers(self.law)), *np.percentile(samples, [2.5, 97.5], axis=0)])

    @property
    def undecided(self) -> list[bool]:
        """Of each term, whether its share's interval reaches zero, or its exponent's an end of what was searched."""
        shares = self.estimates(lambda law: law.shares)
        exponents = self.estimates(lambda law: law.exponents)
        return [
            bool(least <= 0 or low < 1.01 * SLOWEST or high > 0.99 * FASTEST)
            for (_, least, _), (_, low, high) in zip(shares, exponents, strict=True)
        ]


def bootstrapped(points: Points, losses: Losses) -> Bootstrap:
    """The law, and SAMPLES fits to its own losses with its relative errors drawn anew for each setting.

    This is the residual bootstrap (Efron and Tibshirani 1993, chapter 9), each error first divided by
    sqrt(1 - leverage), for what fitting took from it. It says how sure the law is if it is right: errors drawn anew
    have no pattern, so that of a wrong law is lost, and intervals are too narrow, most beyond the grid.
    Measured on 150 made-up sets of 27 settings, errors of 0.3 %, 100 fits each: where the law is right, intervals of
    95 % hold each exponent in 90 to 95 % of sets, the costliest setting's loss in 93 %, that at twice its numbers in
    95 %; with an interaction of 0.009 ln(filters) ln(hidden units) nats beside it, these losses in 39 and 17 %.

    Raises ResultsError as `fit` does.
    """
    law = fit(points, losses)
    fitted = law(points)
    errors = np.log(losses / fitted) / np.sqrt(1 - leverages(law, points))
    drawn = fitted * np.exp(np.random.default_rng(0).choice(errors - errors.mean(), (SAMPLES, len(losses))))
    return Bootstrap(law=law, samples=[fit(points, again, [law.exponents]) for again in drawn])


def leverages(law: PowerLaw, points: Points) -> Losses:
    """How far each loss pulls its own fit: the hat matrix's diagonal, of the law made linear in all its numbers.

    None is above 0.95, so that a setting that alone decides a number keeps a finite error.
    """
    powers = (points / law.centres) ** -law.exponents
    slopes = np.column_stack([np.ones(len(points)), powers, law.shares * powers * np.log(points / law.centres)])
    directions, sizes, _ = np.linalg.svd(slopes / law(points)[:, np.newaxis], full_matrices=False)
    return np.asarray(np.minimum((directions[:, sizes > 1e-9 * sizes[0]] ** 2).sum(axis=1), 0.95))


def held_out(points: Points, losses: Losses, kept: Bool[np.ndarray, "S"]) -> Losses:
    """By how much each loss that is not kept exceeds what the law says that is fitted to those kept.

    Raises ResultsError as `fit` does.
    """
    return np.asarray(losses[~kept] - fit(points[kept], losses[kept])(points[~kept]))
