"""Each group of a study's runs against its baseline: the difference, and how sure it is that there is one."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from patchify.store import StoreError
from patchify.stored.files import Answers
from patchify.study.intervals import Interval, interval

IMAGES = "test_accuracy"
"""The column that images tell of."""
NEGLIGIBLE = 1e-6
"""A spread, in parts of what is compared, that is but rounding: results have six digits."""


class Method(enum.Enum):
    """How a difference is tested."""

    paired = "Student's t, paired"
    unpaired = "Welch's t"
    images = "McNemar's exact test"
    none = "none"


@dataclass(slots=True, kw_only=True, frozen=True)
class Comparison:
    """A group's mean less the baseline's.

    difference: with its own interval, which holds for this comparison alone; n: the runs of the smaller side
    runs: how many were counted of the group and of the baseline
    alone, p: of a difference as large if there were none: by itself, and adjusted for all comparisons of the study;
        None where not tested
    """

    name: str
    method: Method
    difference: Interval
    runs: tuple[int, int]
    alone: float | None = None
    p: float | None = None

    @property
    def clear(self) -> bool:
        """Whether there is a difference, at the level of 5 % for all comparisons of the study together."""
        return self.p is not None and self.p < 0.05


def compare(
    results: pd.DataFrame,
    column: str,
    baseline: str,
    answers: Callable[[str], Answers],
    pair_by: Sequence[str] = ("seed",),
) -> list[Comparison]:
    """Every other group of results.csv against the baseline, in the table's order; p adjusted by Holm's procedure.

    pair_by: columns; runs of two groups that are the same in all of these, or else of the same seed, are compared with
        each other, if there are two such pairs; else all runs of the groups as independent ones, and single runs by the
        test images that only one of the two gets right
    answers: which images a run got right, by its id; raises StoreError
    """
    groups = {str(name): group for name, group in results.groupby("run", sort=False)}
    found = [
        _compared(name, group, groups[baseline], column, answers, pair_by)
        for name, group in groups.items()
        if name != baseline
    ]
    adjusted = iter(holm([each.alone for each in found if each.alone is not None]))
    return [each if each.alone is None else replace(each, p=next(adjusted)) for each in found]


def _compared(
    name: str,
    group: pd.DataFrame,
    other: pd.DataFrame,
    column: str,
    answers: Callable[[str], Answers],
    pair_by: Sequence[str],
) -> Comparison:
    ours, theirs = group[column], other[column]
    pairs = _pairs(group, other, column, list(pair_by)) or _pairs(group, other, column, ["seed"])
    if pairs:
        method, runs = Method.paired, (len(pairs), len(pairs))
        difference, p = paired(*np.array(pairs).T)
    elif min(len(ours), len(theirs)) > 1:
        method, runs = Method.unpaired, (len(ours), len(theirs))
        difference, p = unpaired(ours.to_numpy(), theirs.to_numpy())
    else:
        method, runs = Method.images, (len(ours), len(theirs))
        difference, p = Interval(mean=float(ours.mean() - theirs.mean()), half_width=None, n=1), None
        if runs == (1, 1) and column == IMAGES:
            try:
                difference, p = on_images(*(answers(side["run_id"].iloc[0]) for side in (group, other)))
            except StoreError:  # a file of the run is gone or damaged: what the results say of it stays
                p = None
    return Comparison(name=name, method=Method.none if p is None else method, difference=difference, runs=runs, alone=p)


def _pairs(group: pd.DataFrame, other: pd.DataFrame, column: str, keys: list[str]) -> list[tuple[float, float]]:
    """The column in runs of both groups that are the same in all keys; none if several are, or less than two pairs."""
    if group.duplicated(keys).any() or other.duplicated(keys).any():
        return []
    found = group.merge(other, on=keys, suffixes=("", "_other"))
    values = list(zip(found[column], found[f"{column}_other"], strict=True))
    return values if len(values) > 1 else []


def paired(ours: np.ndarray, theirs: np.ndarray) -> tuple[Interval, float | None]:
    """Mean difference of pairs, and p of Student's t test of it; None where the differences don't spread.

    >>> paired(np.array([0.52, 0.53, 0.51]), np.array([0.5, 0.5, 0.5]))
    (Interval(mean=0.02..., half_width=0.0248..., n=3, deviation=0.01...), 0.0741...)
    """
    differences = ours - theirs
    if np.ptp(differences) <= NEGLIGIBLE * np.abs([ours, theirs]).max():
        return Interval(mean=float(differences.mean()), half_width=None, n=len(differences)), None
    return interval(differences.tolist()), float(scipy.stats.ttest_1samp(differences, 0.0).pvalue)


def unpaired(ours: np.ndarray, theirs: np.ndarray) -> tuple[Interval, float | None]:
    """Difference of two means, and p of Welch's t test, for which deviations need not be equal; None without any."""
    n = min(len(ours), len(theirs))
    mean = float(ours.mean() - theirs.mean())
    if max(np.ptp(ours), np.ptp(theirs)) <= NEGLIGIBLE * max(np.abs(ours).max(), np.abs(theirs).max()):
        return Interval(mean=mean, half_width=None, n=n), None
    found = scipy.stats.ttest_ind(ours, theirs, equal_var=False)
    low, high = found.confidence_interval(0.95)
    return Interval(mean=mean, half_width=float(high - low) / 2, n=n), float(found.pvalue)


def on_images(ours: Answers, theirs: Answers) -> tuple[Interval, float]:
    """Difference of two networks' accuracies on the same images, and p of McNemar's exact test.

    The interval is Clopper and Pearson's of the share of ours among the images that one alone got right, the test's
    own, to its farther end. It says how sure the difference is between these two networks, and nothing of other seeds.
    """
    gained, lost = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    discordant = gained + lost
    mean = (gained - lost) / len(ours)
    if not discordant:
        return Interval(mean=mean, half_width=None, n=1), 1.0
    test = scipy.stats.binomtest(gained, discordant)
    share = test.proportion_ci(0.95, method="exact")
    ends = [(2 * end - 1) * discordant / len(ours) for end in (share.low, share.high)]
    return Interval(mean=mean, half_width=max(abs(end - mean) for end in ends), n=1), float(test.pvalue)


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted so that all that are below 0.05 hold together with a risk of 5 % (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    stepped = np.sort(p) * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1)
    return adjusted.tolist()
