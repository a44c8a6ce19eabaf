"""What a scaling study says in words: the law, how well it predicts, and where more compute should go."""

import numpy as np

from patchify.config.schema import Chart
from patchify.study.results import Tables
from patchify.study.scaling.compute_optimal import next_doubling, splits
from patchify.study.scaling.findings import Scaling, scaling
from patchify.study.scaling.grid import DIMENSIONS
from patchify.study.scaling.laws import FASTEST, SLOWEST
from patchify.study.scaling.wording import Wording, table, written


def scaling_section(chart: Chart, tables: Tables) -> list[str]:
    """Markdown for one scaling chart."""
    (column,) = chart.show
    found, words = scaling(tables, column), Wording.of(column)
    parts = (_law, _prediction, _frontier, splits, next_doubling)
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
        f"times the quantity to the power of minus its exponent. In brackets, here and below: 95 % of "
        f"{len(found.fit.samples)} fits to resampled errors.",
        "",
        *table(["term", f"at the centre ({words.unit})", "exponent"], rows),
        "",
    ]


def _prediction(found: Scaling, words: Wording) -> list[str]:
    missed, deviation = found.missed, found.grid.deviation
    seeds = "" if deviation is None else f" Seeds differ by a standard deviation of {words.loss(deviation)}."
    return [
        f"Fitted to all settings but one, the law predicts that one to {words.loss(np.sqrt((missed**2).mean()))} "
        f"{words.difference} (root mean square over {len(missed)} settings; at most "
        f"{words.loss(np.abs(missed).max())}). The costliest setting comes out {words.loss(abs(missed[-1]))} "
        f"{'above' if missed[-1] > 0 else 'below'} what the others predict.{seeds}",
        "",
    ]


def _frontier(found: Scaling, words: Wording) -> list[str]:
    settings = int(found.grid.frontier.sum())
    if not found.frontier:
        return [f"The frontier has {settings} settings: too few for a law of compute alone.", ""]
    if any(found.frontier.undecided):
        return [f"The {settings} settings of the frontier do not decide the exponent of a law of compute alone.", ""]
    floor, share = found.frontier.estimates(lambda law: [law.floor, *law.shares])
    (exponent,) = found.frontier.estimates(lambda law: law.exponents)
    return [
        f"Along the frontier ({settings} settings that none with less compute comes up to), {words.name} = "
        f"{words.estimate(floor)} + {words.estimate(share)} × (compute / {found.frontier.law.centres[0]:.2g} TFLOP) to "
        f"the power of −k, k = {written(exponent, '.2f')}. These are also the luckiest settings, which flatters it.",
        "",
    ]
