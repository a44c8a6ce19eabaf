"""What a scaling study says in words: the law, how well it extrapolates, and where more compute should go."""

import numpy as np

from patchify.config.schema import Chart
from patchify.study.markdown import table
from patchify.study.results import Tables
from patchify.study.scaling.compute_optimal import next_doubling, splits
from patchify.study.scaling.findings import REACH, TERA, Scaling, scaling
from patchify.study.scaling.grid import DIMENSIONS
from patchify.study.scaling.laws import FASTEST, SLOWEST
from patchify.study.scaling.wording import Wording, written


def scaling_section(chart: Chart, tables: Tables) -> list[str]:
    """Markdown for one scaling chart."""
    (column,) = chart.show
    found, words = scaling(tables, column), Wording.of(column)
    parts = (_law, _extrapolation, splits, next_doubling)
    return [line for part in parts for line in part(found, words)]


def _law(found: Scaling, words: Wording) -> list[str]:
    floor, *shares = found.fit.estimates(lambda law: [law.floor, *law.shares])
    exponents = found.fit.estimates(lambda law: law.exponents)
    rows = [["floor", words.estimate(floor), ""]]
    for name, centre, share, exponent, unsure in zip(
        DIMENSIONS, found.fit.law.centres, shares, exponents, found.fit.undecided, strict=True
    ):
        power = f"not decided between {SLOWEST} and {FASTEST}" if unsure else written(exponent, ".2f")
        rows.append([f"{name} / {centre:,.0f}", words.estimate(share), power])
    return [
        f"The {words.name} is fitted as a floor and a power law for each way to spend compute (the third approach of "
        "Hoffmann et al. 2022, with a network's size as two widths): a term is its value at the centre of the grid, "
        "times the quantity to the power of minus its exponent. In brackets, here and below: 95 % percentile intervals "
        f"of a residual bootstrap (Efron and Tibshirani 1993; {len(found.fit.samples)} fits). They hold only if the "
        "law is right.",
        "",
        *table(["term", f"at the centre ({words.unit})", "exponent"], rows),
        "",
    ]


def _extrapolation(found: Scaling, words: Wording) -> list[str]:
    missed, deviation = found.missed, found.grid.deviation
    seeds = "" if deviation is None else f" Seeds differ by a standard deviation of {words.loss(deviation)}."
    return [
        f"**Held out.** Fitted only to the {found.cheap.sum()} settings of at most 1/{REACH} of the costliest's "
        f"compute, the law misses the {len(missed)} others by {words.loss(np.sqrt((missed**2).mean()))} "
        f"{words.difference} (root mean square), and the costliest, of {found.grid.compute[-1] / TERA:.3g} TFLOP, by "
        f"{words.loss(abs(missed[-1]))}: it is {'worse' if missed[-1] > 0 else 'better'} than predicted.{seeds}",
        "",
    ]
