"""What to spend compute on, as a fitted law has it: wider layers, longer training, or some of each."""

import numpy as np
from jaxtyping import Float

from patchify.study.scaling.grid import Grid
from patchify.study.scaling.laws import PowerLaw

STEPS = 65
"""Widths that are tried for each layer; 5 to 10 % apart."""

Setting = Float[np.ndarray, "3"]
"""Filters, hidden units, updates."""


def limits(grid: Grid, budget: float) -> tuple[Setting, Setting]:
    """The least and the most that the numbers of a split may be.

    The grid's own, the most times what the budget exceeds the grid's costliest by: fitted to short trainings, a law
    would else ask for one sixty times as long.
    """
    return grid.points.min(axis=0), max(1.0, budget / grid.compute[-1]) * grid.points.max(axis=0)


def best_split(law: PowerLaw, grid: Grid, budget: float) -> Setting:
    """The setting of the lowest loss among those within `limits` that cost the budget, in operations."""
    smallest, largest = limits(grid, budget)
    filters, hidden = np.geomspace(smallest[:2], largest[:2], STEPS).T
    widths = np.stack(np.meshgrid(filters, hidden), axis=-1).reshape(-1, 2)
    updates = budget / grid.of_update(widths)
    allowed = (updates > 0.999 * smallest[2]) & (updates < 1.001 * largest[2])  # but for rounding
    settings = np.column_stack([widths, updates])[allowed]
    return np.asarray(settings[law(settings).argmin()])


def all_on_one(grid: Grid, start: Setting, budget: float) -> Float[np.ndarray, "3 3"]:
    """`start` three times: its first, its second and its third number alone made as large as the budget allows."""
    filters, hidden, updates = start
    convolution, pair, last = grid.prices
    operations = budget / updates
    more_filters = (operations - last * hidden) / (convolution + pair * hidden)
    more_hidden = (operations - convolution * filters) / (pair * filters + last)
    longer = budget / grid.of_update(start[:2])
    return np.array([[more_filters, hidden, updates], [filters, more_hidden, updates], [filters, hidden, longer]])


def growth(law: PowerLaw) -> Setting:
    """The powers of compute that filters, hidden units and updates grow with, along the best splits.

    Where compute is proportional to their product, as it nearly is where the hidden layer takes most of it, the three
    terms of the law fall together (Hoffmann et al. 2022, eq. 4, with one quantity more).
    """
    slowness = 1 / law.exponents
    return np.asarray(slowness / slowness.sum())
