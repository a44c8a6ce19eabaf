"""The chart of a scaling study: all settings, their frontier, and the law at the best split of each budget."""

import numpy as np

from patchify import charts
from patchify.config.schema import Chart
from patchify.study.groups import footer
from patchify.study.quantities import heading, quantity
from patchify.study.results import Tables
from patchify.study.scaling.findings import REACH, TERA, Scaling, scaling
from patchify.study.scaling.grid import Grid
from patchify.study.scaling.spending import best_split

SPREAD = "error bars, with the spread pooled over all settings"


def scaling_figure(chart: Chart, tables: Tables) -> charts.Figure:
    """Draw what `scaling` finds in a column."""
    (column,) = chart.show
    found = scaling(tables, column)
    accuracy = quantity(column).name.startswith("accuracy")
    return charts.scaling_chart(
        _networks(found.grid, accuracy=accuracy),
        _band(found, accuracy=accuracy),
        title=chart.title,
        axis=heading(column),
        footer=f"{footer(tables, SPREAD)} Band: 95 % interval of the law, if it is right (residual bootstrap).",
        scale=quantity(column).scale,
    )


def _networks(grid: Grid, *, accuracy: bool) -> list[charts.Lengths]:
    shown = 1 - grid.losses if accuracy else grid.losses
    networks = []
    for filters, hidden in sorted({(filters, hidden) for filters, hidden, _ in grid.points.tolist()}):
        own = (grid.points[:, :2] == (filters, hidden)).all(axis=1)
        networks.append(
            charts.Lengths(
                filters=int(filters),
                hidden=int(hidden),
                tflop=(grid.compute[own] / TERA).tolist(),
                mean=shown[own].tolist(),
                half_width=None if grid.half_widths is None else grid.half_widths[own].tolist(),
                best=grid.frontier[own].tolist(),
            )
        )
    return networks


def _band(found: Scaling, *, accuracy: bool) -> charts.LawBand:
    """Along the best splits; beyond the grid only where all terms of the law are decided."""
    cheapest, costliest = found.grid.compute[[0, -1]]
    inside = np.geomspace(cheapest, costliest, 24)
    beyond = np.geomspace(costliest, REACH * costliest, 1 if any(found.fit.undecided) else 12)[1:]
    budgets = [*inside[:-1], costliest, *beyond]
    settings = np.array([best_split(found.fit.law, found.grid, budget) for budget in budgets])
    mean, low, high = found.fit.estimates(lambda law: 1 - law(settings) if accuracy else law(settings)).T
    return charts.LawBand(
        tflop=[budget / TERA for budget in budgets],
        mean=mean.tolist(),
        low=low.tolist(),
        high=high.tolist(),
        measured=costliest / TERA,
    )
