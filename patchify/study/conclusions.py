"""What a study's summary says of its comparisons: tables of them, and what may be concluded from each, in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import pandas as pd

from patchify.config.names import nearest
from patchify.stored.files import Answers
from patchify.study import ResultsError
from patchify.study.comparisons import Comparison, Method, compare
from patchify.study.groups import whole_groups
from patchify.study.intervals import Interval
from patchify.study.latex import tabular
from patchify.study.markdown import number, table
from patchify.study.quantities import heading, of_difference, quantity


@dataclass(slots=True, kw_only=True)
class Conclusions:
    """Comparisons of groups of runs with a baseline, in one column of results.csv.

    left_out: groups of which some run lacks the column
    """

    found: list[Comparison]
    column: str
    baseline: str
    left_out: Sequence[str] = ()

    @classmethod
    def from_numbers(cls, table: pd.DataFrame) -> Self:
        """What `numbers` gave, of one column and baseline, read back."""
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        return cls(
            found=[
                Comparison(
                    name=row["run"],
                    method=Method(row["test"]),
                    difference=Interval(
                        mean=row["difference"], half_width=row["half_width"], n=min(row["n"], row["n_baseline"])
                    ),
                    runs=(row["n"], row["n_baseline"]),
                    alone=row["p_alone"],
                    p=row["p"],
                )
                for row in rows
            ],
            column=rows[0]["column"],
            baseline=rows[0]["baseline"],
        )

    @property
    def tested(self) -> int:
        """How many comparisons p is adjusted for."""
        return sum(each.p is not None for each in self.found)

    @property
    def sentences(self) -> list[str]:
        """What may be concluded from each comparison."""
        return [conclusion(each, self.column, self.baseline, self.tested) for each in self.found]

    @property
    def answers(self) -> list[str]:
        """The same, each after what is compared."""
        what = f"beside {self.baseline}, {heading(self.column).partition(' (')[0]}"
        return [f"{each.name} {what}: {said}" for each, said in zip(self.found, self.sentences, strict=True)]

    def markdown(self) -> list[str]:
        """Lines of a table, and of what it means."""
        return [*table(self._headings, self._rows), "", *self.notes(), ""]

    def latex(self) -> str:
        """The same table for a report."""
        return tabular(self._headings[:-1], [row[:-1] for row in self._rows])

    def numbers(self) -> pd.DataFrame:
        """The same in full, as comparisons.csv; p_alone: not adjusted."""
        return pd.DataFrame(
            {
                "run": each.name,
                "baseline": self.baseline,
                "column": self.column,
                "test": each.method.value,
                "n": each.runs[0],
                "n_baseline": each.runs[1],
                "difference": each.difference.mean,
                "half_width": each.difference.half_width,
                "p_alone": each.alone,
                "p": each.p,
            }
            for each in self.found
        )

    @property
    def _headings(self) -> list[str]:
        return [
            f"against {self.baseline}",
            of_difference(heading(self.column)),
            "test",
            "n",
            "p",
            "what may be concluded",
        ]

    @property
    def _rows(self) -> list[list[str]]:
        return [
            [
                each.name,
                number(each.difference, self.column, "+"),
                each.method.value,
                _counted(each),
                "" if each.p is None else _p(each.p).removeprefix("= "),
                sentence,
            ]
            for each, sentence in zip(self.found, self.sentences, strict=True)
        ]

    def notes(self) -> list[str]:
        """What differences and p mean, and what was not compared."""
        adjusted = f"; p is adjusted for {self.tested} comparisons (Holm)" if self.tested > 1 else ""
        paired = any(each.method is Method.paired for each in self.found)
        pairs = "; pairs are of the same seed" if paired else ""
        single = [each.name for each in self.found if each.method is Method.images]
        return [
            f"Differences ± half of their 95 % interval, each for itself{pairs}{adjusted}.",
            *([f"**Seeds were not varied ({', '.join(single)}): other seeds may differ.**"] if single else []),
            *([f"Not compared, since some run lacks it: {', '.join(self.left_out)}."] if self.left_out else []),
        ]


def concluded(
    results: pd.DataFrame,
    column: str,
    baseline: str,
    answers: Callable[[str], Answers],
    pair_by: Sequence[str] = ("seed",),
) -> Conclusions:
    """Every group of runs that all have the column beside the baseline, as `compare` does it.

    Raises ResultsError where there are no runs of that name, or some of them lack the column.
    """
    named = [str(name) for name in results["run"].unique()]
    if baseline not in named:
        raise ResultsError(f"the baseline must name runs: there are no {baseline}; {nearest(baseline, named)}")
    whole = whole_groups(results, column)
    left = set(whole["run"])
    if baseline not in left:
        raise ResultsError(f"the baseline must have a {column}: {baseline} lacks it; name another with --baseline")
    found = compare(whole, column, baseline, answers, pair_by)
    return Conclusions(
        found=found, column=column, baseline=baseline, left_out=[name for name in named if name not in left]
    )


def conclusion(found: Comparison, column: str, baseline: str, tested: int) -> str:
    """What may be concluded from a comparison, one of as many as were `tested`.

    >>> from patchify.study.intervals import Interval
    >>> gain = Interval(mean=0.0213, half_width=0.005, n=5)
    >>> sure = Comparison(name="arch3", method=Method.paired, difference=gain, runs=(5, 5), p=0.0004)
    >>> conclusion(sure, "test_accuracy", "arch2", 1)
    'arch3 beats arch2 by 2.1 ± 0.5 points (n = 5, p < 0.001)'
    >>> conclusion(replace(sure, p=0.063), "test_accuracy", "arch2", 3)
    'not clear among 3 comparisons (+2.1 ± 0.5, n = 5, p = 0.063)'
    >>> small = Interval(mean=0.002, half_width=0.006, n=5)
    >>> conclusion(replace(sure, difference=small, p=0.3), "test_accuracy", "arch2", 1)
    'no difference seen (0.2 ± 0.6, n = 5)'
    """
    how = f"n = {_counted(found)}"
    size = number(replace(found.difference, mean=abs(found.difference.mean)), column)
    more = found.difference.mean > 0
    if found.p is None:
        return f"nothing: {'single runs have no spread' if found.difference.n == 1 else 'they do not spread'}"
    if not found.clear and found.difference.excludes(0):
        others = f"among {tested} comparisons " if tested > 1 else ""
        return f"not clear {others}({number(found.difference, column, '+')}, {how}, p {_p(found.p)})"
    if not found.clear:
        return f"no difference seen ({number(found.difference, column)}, {how})"
    how += f", p {_p(found.p)}"
    if found.method is Method.images:
        return (
            f"the one run of {found.name} got {size} points {'more' if more else 'less'} of these images right ({how})"
        )
    if quantity(column).unit == "%":
        return f"{found.name} {'beats' if more else 'falls behind'} {baseline} by {size} points ({how})"
    what, amount = heading(column).partition(" (")[0], f"{size} {quantity(column).unit}".strip()
    return f"{found.name} has {'more' if more else 'less'} {what} than {baseline}, by {amount} ({how})"


def _counted(found: Comparison) -> str:
    ours, theirs = found.runs
    return str(ours) if ours == theirs else f"{ours} and {theirs}"


def _p(p: float) -> str:
    """With as many digits as tell it from 0.05."""
    if p < 0.001:
        return "< 0.001"
    return f"= {p:.3f}" if round(p, 3) != 0.05 else f"= {p:.5f}"
