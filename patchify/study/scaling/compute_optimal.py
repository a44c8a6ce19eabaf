"""Where more compute should go, in words: the best setting for several budgets, and the next doubling."""

import numpy as np

from patchify.study.markdown import table
from patchify.study.scaling.findings import REACH, TERA, Scaling
from patchify.study.scaling.grid import DIMENSIONS
from patchify.study.scaling.spending import all_on_one, best_split, growth, limits
from patchify.study.scaling.wording import Wording, written

BUDGETS = (1 / REACH, 1 / 2, 2, REACH)
"""In compute of the costliest setting, of which the best split is all of its own numbers."""
WAYS = ("more filters alone", "more hidden units alone", "longer training alone")
"""To spend compute on one of the DIMENSIONS."""
STEP = 1.1
"""What lies within such a factor of a limit counts as at it: best splits are searched in steps of up to 10 %."""


def splits(found: Scaling, words: Wording) -> list[str]:
    """The best setting for several budgets, unless the law can't say."""
    if any(found.fit.undecided):
        names = " and ".join(name for name, unsure in zip(DIMENSIONS, found.fit.undecided, strict=True) if unsure)
        return [f"The term of {names} is not decided, so no best split of compute can be said.", ""]
    powers = found.fit.estimates(growth)
    grow = ", ".join(f"{name} as C^{written(power, '.2f')}" for name, power in zip(DIMENSIONS, powers, strict=True))
    return [
        f"Where the hidden layer takes most of the compute C, {grow} should grow: compound scaling (Tan and Le 2019: "
        "all dimensions together, by fixed exponents), with the exponents fitted.",
        "",
        *table(
            ["compute (TFLOP)", *DIMENSIONS, f"predicted {words.name} ({words.unit})"],
            [_budget(found, words, times) for times in BUDGETS],
        ),
        "",
        "The best split is searched from the grid's smallest numbers to its largest, times what the compute is beyond "
        "the costliest setting's. (bound): the number, or its interval, ends there, so that we chose it and not the "
        "data; the others in its row are the best beside it, without interval. The law knows neither overfitting nor "
        "that larger networks may want another rate.",
        "",
    ]


def _budget(found: Scaling, words: Wording, times: float) -> list[str]:
    """A row of the table: so many times the compute of the costliest setting."""
    budget = times * found.grid.compute[-1]
    setting = best_split(found.fit.law, found.grid, budget)
    (loss,) = found.fit.estimates(lambda law: law(setting))
    return [f"{budget / TERA:.3g} ({times:g} ×)", *_numbers(found, budget), words.estimate(loss)]


def _numbers(found: Scaling, budget: float) -> list[str]:
    """The best split of a budget; without intervals where a limit decides a number, for the law or its samples."""
    estimates = found.fit.estimates(lambda law: best_split(law, found.grid, budget))
    smallest, largest = limits(found.grid, budget)
    bound = (estimates[:, 1] < STEP * smallest) | (estimates[:, 2] > largest / STEP)
    if not bound.any():
        return [written(estimate, ",.0f") for estimate in estimates]
    return [f"{value:,.0f}{' (bound)' if ends else ''}" for value, ends in zip(estimates[:, 0], bound, strict=True)]


def next_doubling(found: Scaling, words: Wording) -> list[str]:
    """What twice the compute of the best setting should go to, as far as the terms of the law are decided."""
    grid, fit = found.grid, found.fit
    start, now = grid.points[grid.best], grid.compute[grid.best]
    decided = ~np.array(fit.undecided)
    ways = [way for way, kept in zip(WAYS, decided, strict=True) if kept]
    settings = all_on_one(grid, start, 2 * now)[decided]
    numbers = [[f"{number:,.0f}" for number in setting] for setting in settings]
    verdict = _verdict(found, words, ways, settings) if len(ways) > 1 else ""
    if decided.all():
        ways += ["the best split", "the best split, without more compute"]
        settings = np.array([*settings, *(best_split(fit.law, grid, budget) for budget in (2 * now, now))])
        numbers += [_numbers(found, budget) for budget in (2 * now, now)]
    gains = fit.estimates(lambda law: law(start) - law(settings))
    filters, hidden, updates = start
    return [
        f"**The next doubling.** The best setting of the grid, {filters:,.0f} filters, {hidden:,.0f} hidden units and "
        f"{updates:,.0f} updates, took {now / TERA:.3g} TFLOP for a {words.name} of "
        f"{words.loss(grid.losses[grid.best])} {words.unit}.{verdict}",
        "",
        *table(
            ["twice the compute on", *DIMENSIONS, f"predicted gain ({words.difference})"],
            [[way, *own, words.estimate(gain)] for way, own, gain in zip(ways, numbers, gains, strict=True)],
        ),
        "",
    ]


def _verdict(found: Scaling, words: Wording, ways: list[str], settings: np.ndarray) -> str:
    """Which of the ways to spend twice as much on one thing gains most."""
    first, second = np.argsort(found.fit.law(settings))[:2]
    (lead,) = found.fit.estimates(lambda law: law(settings[second]) - law(settings[first]))
    return (
        f" Of the ways to spend twice that on one thing whose term is decided, {ways[first]} gains most by the law, "
        f"{words.estimate(lead)} {words.difference} more than {ways[second]}{'' if lead[1] > 0 else ' (not decided)'}."
    )
