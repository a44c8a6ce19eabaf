"""Where more compute should go, in words: the best setting for several budgets, and the next doubling."""

import numpy as np

from patchify.study.scaling.findings import BUDGETS, TERA, Scaling
from patchify.study.scaling.grid import DIMENSIONS
from patchify.study.scaling.spending import REACH, Setting, all_on_one, best_split, growth
from patchify.study.scaling.wording import Estimate, Wording, table, written

WAYS = ("more filters alone", "more hidden units alone", "longer training alone")
"""To spend compute on one of the DIMENSIONS."""


def splits(found: Scaling, words: Wording) -> list[str]:
    """The best setting for several budgets, unless the law can't say."""
    if any(found.fit.undecided):
        names = " and ".join(name for name, unsure in zip(DIMENSIONS, found.fit.undecided, strict=True) if unsure)
        return [f"The exponent of {names} is not decided, so no compute-optimal line can be drawn out of the grid.", ""]
    powers = found.fit.estimates(growth)
    grow = ", ".join(f"{name} as C^{written(power, '.2f')}" for name, power in zip(DIMENSIONS, powers, strict=True))
    doubling = ", ".join(f"{2**power:.2f}" for power in growth(found.fit.law))
    return [
        f"With compute C, {grow} should grow; each doubling multiplies them by {doubling}. This is compound scaling "
        "(Tan and Le 2019: all dimensions together, by fixed exponents), with the exponents fitted.",
        "",
        *table(
            ["compute (TFLOP)", *DIMENSIONS, f"predicted {words.name} ({words.unit})"],
            [_budget(found, words, times) for times in BUDGETS],
        ),
        "",
        "More than 1 ×, and any number beyond the grid's, is extrapolation. No number is let beyond the grid's largest "
        f"by more than {REACH} times what the compute is; the law knows neither overfitting nor that larger networks "
        "may want another rate.",
        "",
    ]


def _budget(found: Scaling, words: Wording, times: int) -> list[str]:
    """A row of the table: so many times the compute of the costliest setting."""
    budget = times * found.grid.compute[-1]
    split = found.fit.estimates(lambda law: best_split(law, found.grid, budget))
    (loss,) = found.fit.estimates(lambda law: law(split[:, 0]))
    numbers = [written(number, ",.0f") for number in split]
    return [f"{budget / TERA:.3g} ({times} ×)", *numbers, words.estimate(loss)]


def next_doubling(found: Scaling, words: Wording) -> list[str]:
    """What twice the compute of the best setting should go to."""
    grid, law = found.grid, found.fit.law
    start, budget = grid.points[grid.best], 2 * grid.compute[grid.best]
    factors = found.fit.estimates(lambda law: best_split(law, grid, budget) / start)
    split, alone = factors[:, 0] * start, all_on_one(grid, start, budget)
    first, second = np.argsort(law(alone))[:2]
    (lead,) = found.fit.estimates(lambda law: law(alone[second]) - law(alone[first]))
    settings = np.array([split, *alone])
    predicted = found.fit.estimates(lambda law: law(settings))
    gains = found.fit.estimates(lambda law: law(start) - law(settings))
    rows = [
        [way, *(f"{number:,.0f}" for number in setting), words.estimate(loss), words.estimate(gain)]
        for way, setting, loss, gain in zip(("the best split", *WAYS), settings, predicted, gains, strict=True)
    ]
    changes = (f"{name} × {_factor(factor)}" for name, factor in zip(DIMENSIONS, factors, strict=True))
    return [
        f"**The next doubling.** The best setting of the grid, {_named(start)}, took "
        f"{grid.compute[grid.best] / TERA:.3g} TFLOP for a {words.name} of {words.loss(grid.losses[grid.best])} "
        f"{words.unit}. Twice that, by the law, is best spent on {_named(split)}: {', '.join(changes)}. Of the ways to "
        f"spend it on one thing, {WAYS[first]} gains most, {words.estimate(lead)} {words.difference} more than "
        f"{WAYS[second]}{'' if lead[1] > 0 else ' (not decided)'}.",
        "",
        *table(["spent on", *DIMENSIONS, f"predicted {words.name} ({words.unit})", f"gain ({words.difference})"], rows),
        "",
    ]


def _named(setting: Setting) -> str:
    filters, hidden, updates = setting
    return f"{filters:,.0f} filters, {hidden:,.0f} hidden units and {updates:,.0f} updates"


def _factor(factor: Estimate) -> str:
    """By what a number should grow, and whether the data say so."""
    _, low, high = factor
    return f"{written(factor, '.2f')} ({'more' if low > 1 else 'less' if high < 1 else 'not decided'})"
