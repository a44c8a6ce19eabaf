"""How a loss falls with training compute: the law of a grid, how sure it is, and how well it extrapolates."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool

from patchify.study.results import Tables
from patchify.study.scaling.grid import Grid, grid
from patchify.study.scaling.laws import Bootstrap, Losses, bootstrapped, held_out

REACH = 8
"""How many times the compute of its data a law is tested at, and asked for."""
TERA = 1e12


@dataclass(slots=True, kw_only=True, frozen=True)
class Scaling:
    """What a grid says.

    fit: of filters, hidden units and updates; cheap: settings of at most 1 / REACH of the costliest's compute
    missed: what the loss of each other setting exceeds by what is fitted to the cheap ones
    """

    grid: Grid
    fit: Bootstrap
    cheap: Bool[np.ndarray, "S"]
    missed: Losses


@cache  # its chart and its part of the README ask for the same
def scaling(tables: Tables, column: str) -> Scaling:
    """What the grid of a study says about a column. Raises ResultsError where it is no grid, or too small."""
    found = grid(tables.results, column)
    cheap = found.compute <= found.compute[-1] / REACH
    return Scaling(
        grid=found,
        fit=bootstrapped(found.points, found.losses),
        cheap=cheap,
        missed=held_out(found.points, found.losses, cheap),
    )
