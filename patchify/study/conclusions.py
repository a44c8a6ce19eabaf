"""What a study's README says of its comparisons: a table of them, and what may be concluded from each, in words."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from patchify.study.comparisons import Comparison, compare
from patchify.study.groups import whole_groups
from patchify.study.markdown import number, table
from patchify.study.quantities import heading, of_difference, quantity
from patchify.tracking.reading import Answers

COLUMN = "test_accuracy"
"""What is compared."""


def comparison_lines(
    results: pd.DataFrame, baseline: str | None, answers: Callable[[str], Answers], column: str = COLUMN
) -> list[str]:
    """Markdown: a row for each group of runs beside the baseline; nothing where there is none of them, or no baseline.

    Groups of which some run lacks the column are left out. answers: which test images a run got right, by its id
    """
    results = whole_groups(results, column)
    if baseline is None or results["run"].nunique() < 2:
        return []
    if baseline not in set(results["run"]):
        what = heading(column).partition(" (")[0]
        return [f"Compared with nothing: there is no {what} of the baseline, {baseline}.", ""]
    found = compare(results, column, baseline, answers)
    rows = [
        [
            each.name,
            number(each.difference, column, "+"),
            _p(each).removeprefix("= "),
            conclusion(each, column, baseline),
        ]
        for each in found
    ]
    methods = "; ".join(dict.fromkeys(each.method.value for each in found))
    tested = sum(each.p is not None for each in found)
    comparisons = "1 comparison" if tested == 1 else f"{tested} comparisons"
    single = any(each.difference.n == 1 for each in found)
    return [
        *table([f"against {baseline}", of_difference(heading(column)), "p", "what may be concluded"], rows),
        "",
        f"Differences ± half of the 95 % interval, {methods}; p is adjusted for {comparisons} (Holm).",
        *(["**Seeds were not varied: with another seed, a single run may come out otherwise.**"] if single else []),
        "",
    ]


def conclusion(found: Comparison, column: str, baseline: str) -> str:
    """What may be concluded from a comparison.

    >>> from patchify.study.comparisons import Method
    >>> from patchify.study.intervals import Interval
    >>> gain = Interval(mean=0.0213, half_width=0.005, n=5)
    >>> conclusion(Comparison(name="arch3", method=Method.paired, difference=gain, p=0.0004), "test_accuracy", "arch2")
    'arch3 beats arch2 by 2.1 ± 0.5 points (n = 5, p < 0.001)'
    >>> conclusion(Comparison(name="arch3", method=Method.paired, difference=gain, p=0.3), "test_accuracy", "arch2")
    'no difference seen (2.1 ± 0.5, n = 5)'
    """
    runs = f"n = {found.difference.n}"
    if found.p is None:
        return f"nothing: single runs have no spread ({number(found.difference, column)})"
    if not found.clear:
        return f"no difference seen ({number(found.difference, column)}, {runs})"
    size = number(replace(found.difference, mean=abs(found.difference.mean)), column)
    above, how = found.difference.mean > 0, f"({runs}, p {_p(found)})"
    if quantity(column).unit == "%":
        return f"{found.name} {'beats' if above else 'falls behind'} {baseline} by {size} points {how}"
    what = heading(column).partition(" (")[0]
    verb = f"has {'more' if above else 'less'} {what} than"
    return f"{found.name} {verb} {baseline}, by {size} {quantity(column).unit} {how}"


def _p(found: Comparison) -> str:
    if found.p is None:
        return ""
    return "< 0.001" if found.p < 0.001 else f"= {found.p:.3f}"
