"""What one setting brings: differences between two groups of runs, paired by seed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from patchify.config.schema import OVER, Chart
from patchify.study import ResultsError
from patchify.study.intervals import Interval, quantile


@dataclass(slots=True, kw_only=True, frozen=True)
class Pair:
    """Two groups of runs, by their names; label: what tells them from other pairs of the same pattern."""

    label: str
    left: str
    right: str

    def __str__(self) -> str:
        return f"{self.left}{OVER}{self.right}"


Gains = dict[Pair, Interval]
"""What the left runs of each pair have more than the right ones."""


def panels(chart: Chart, results: pd.DataFrame) -> dict[str, Gains]:
    """What a chart of gains shows, by its panels' titles; in each the largest gain first. Raises ResultsError."""
    (column,) = chart.show
    return {title: gains(results, column, pattern) for title, pattern in chart.pairs.items()}


def gains(results: pd.DataFrame, column: str, pattern: str) -> Gains:
    """The gain in a column of results.csv for each pair that a pattern names, the largest first.

    Their 95 % intervals, t(0.975, freedom) deviation / sqrt(seeds), have one deviation for all pairs of the pattern.

    Raises ResultsError for a pattern that names none, and for seeds that only one of a pair has.
    """
    names = results["run"].unique().tolist()
    by_seed = {pair: list(differences(results, column, pair).values()) for pair in matching(names, pattern)}
    if not by_seed:
        raise ResultsError(f"the pair {pattern!r} must name runs: got none; there are {', '.join(names)}")
    spread, freedom = deviation(results, column, {name for pair in by_seed for name in (pair.left, pair.right)})
    reach = quantile(freedom) * spread if freedom else None
    found = {
        pair: Interval(
            mean=float(np.mean(gained)),
            half_width=None if reach is None else reach / len(gained) ** 0.5,
            n=len(gained),
        )
        for pair, gained in by_seed.items()
    }
    return dict(sorted(found.items(), key=lambda gain: -gain[1].mean))


def deviation(results: pd.DataFrame, column: str, names: Iterable[str]) -> tuple[float, int]:
    """Standard deviation of the difference between two runs of a seed, and its degrees of freedom (0: not known).

    From what a mean for each group and an effect of each seed leave of the runs (randomized blocks), for groups that
    spread alike; of two groups it is the deviation of their differences. Pooling the differences themselves would
    count a group that many pairs share many times: with 10 gains over one group, 3 seeds each, their intervals held
    the true gain 93.1 % of the time, these 95.1 % (20,000 made-up studies, normal errors).
    """
    runs = results[results["run"].isin(list(names))]
    effects = pd.get_dummies(runs[["run", "seed"]].astype(str)).to_numpy(float)
    values = runs[column].to_numpy(float)
    fitted, _, rank, _ = np.linalg.lstsq(effects, values, rcond=None)
    freedom = len(values) - int(rank)
    left = values - effects @ fitted
    return float(np.sqrt(2 * left @ left / max(freedom, 1))), freedom


def matching(names: Sequence[str], pattern: str) -> list[Pair]:
    """The pairs of different groups that a pattern names; `*` is any text, the same wherever it stands.

    >>> [str(pair) for pair in matching(["start", "with a", "with b"], "with * over start")]
    ['with a over start', 'with b over start']
    """
    left, right = pattern.split(OVER)
    starred = left if "*" in left else right
    words = re.compile("(.+)".join(map(re.escape, starred.split("*"))))
    pairs = []
    for found in filter(None, map(words.fullmatch, names)):
        text = found[1] if words.groups else left
        pair = Pair(label=text, left=left.replace("*", text), right=right.replace("*", text))
        if {pair.left, pair.right} <= set(names) and pair.left != pair.right:
            pairs.append(pair)
    return pairs


def differences(results: pd.DataFrame, column: str, pair: Pair) -> dict[int, float]:
    """Left minus right, by seed. Raises ResultsError for seeds that only one of the two has."""
    left, right = (
        dict(zip(found["seed"].tolist(), found[column].tolist(), strict=True))
        for found in (results[results["run"] == name] for name in (pair.left, pair.right))
    )
    for name, alone in ((pair.left, left.keys() - right.keys()), (pair.right, right.keys() - left.keys())):
        if alone:
            seeds = ", ".join(map(str, sorted(alone)))
            raise ResultsError(
                f"{pair} must have the same seeds on both sides: only {name} has {seeds}; train the other"
            )
    return {seed: left[seed] - right[seed] for seed in left}
