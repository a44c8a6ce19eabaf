"""How a loss falls with training compute: the law of a grid, how sure it is, and how well it predicts."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from patchify.study.results import Tables
from patchify.study.scaling.grid import Grid, grid
from patchify.study.scaling.laws import Losses, Sampled, left_out, parameters, resampled

BUDGETS = (1, 2, 4, 16)
"""In compute of the costliest setting: what the law is asked for in text, and up to which it is drawn."""
TERA = 1e12


@dataclass(slots=True, kw_only=True, frozen=True)
class Scaling:
    """What a grid says.

    fit: of filters, hidden units and updates; missed: (S,) what the loss of each setting exceeds by what is fitted to
    all others; frontier: of compute alone, in TFLOP, along the frontier; None where that has too few settings
    """

    grid: Grid
    fit: Sampled
    missed: Losses
    frontier: Sampled | None


@cache  # its chart and its part of the README ask for the same
def scaling(tables: Tables, column: str) -> Scaling:
    """What the grid of a study says about a column. Raises ResultsError where it is no grid, or too small."""
    found = grid(tables.results, column)
    compute, losses = found.compute[found.frontier, np.newaxis] / TERA, found.losses[found.frontier]
    return Scaling(
        grid=found,
        fit=resampled(found.points, found.losses),
        missed=left_out(found.points, found.losses),
        frontier=resampled(compute, losses) if len(losses) > parameters(1) else None,
    )
