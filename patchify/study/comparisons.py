"""Each group of a study's runs against its baseline: the difference, and how sure it is that there is one."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from patchify.study.intervals import Interval, interval
from patchify.tracking.reading import Answers

IMAGES = "test_accuracy"
"""The column that images tell of."""


class Method(enum.Enum):
    """How a difference is tested."""

    paired = "paired by seed (Student's t)"
    unpaired = "of unequal seeds (Welch's t)"
    images = "of single runs on the same images (McNemar's exact test)"
    none = "of single runs, untested"


@dataclass(slots=True, kw_only=True, frozen=True)
class Comparison:
    """A group's mean less the baseline's.

    difference: with its interval; n: the pairs, or the runs of the smaller group
    p: of a difference as large if there were none, adjusted for all comparisons of the study; None where not tested
    """

    name: str
    method: Method
    difference: Interval
    p: float | None

    @property
    def clear(self) -> bool:
        """Whether there is a difference, at the level of 5 % for all comparisons of the study together."""
        return self.p is not None and self.p < 0.05


def compare(results: pd.DataFrame, column: str, baseline: str, answers: Callable[[str], Answers]) -> list[Comparison]:
    """Every other group of results.csv against the baseline, in the table's order; p adjusted by Holm's procedure.

    Groups of the same seeds are compared seed by seed, others as independent ones, single runs by the images that
    only one of the two gets right; answers: which images a run got right, by its id.
    """
    groups = {str(name): group for name, group in results.groupby("run", sort=False)}
    found = [
        _compared(name, group.set_index("seed"), groups[baseline].set_index("seed"), column, answers)
        for name, group in groups.items()
        if name != baseline
    ]
    adjusted = iter(holm([each.p for each in found if each.p is not None]))
    return [each if each.p is None else replace(each, p=next(adjusted)) for each in found]


def _compared(
    name: str, group: pd.DataFrame, other: pd.DataFrame, column: str, answers: Callable[[str], Answers]
) -> Comparison:
    ours, theirs = group[column], other[column]
    if min(len(ours), len(theirs)) == 1:
        if column == IMAGES and len(ours) == len(theirs):
            method, (difference, p) = (
                Method.images,
                on_images(*(answers(runs["run_id"].iloc[0]) for runs in (group, other))),
            )
        else:
            mean = float(ours.mean() - theirs.mean())
            method, difference, p = Method.none, Interval(mean=mean, half_width=None, n=1), None
    elif set(ours.index) == set(theirs.index):
        method, (difference, p) = Method.paired, paired((ours - theirs).tolist())
    else:
        method, (difference, p) = Method.unpaired, unpaired(ours.tolist(), theirs.tolist())
    return Comparison(name=name, method=method, difference=difference, p=p)


def paired(differences: Sequence[float]) -> tuple[Interval, float]:
    """Mean difference, and p of Student's t test of it.

    >>> paired([0.02, 0.03, 0.01])
    (Interval(mean=0.02, half_width=0.0248..., n=3, deviation=0.01), 0.0741...)
    """
    found = interval(differences)
    if np.ptp(differences) == 0:  # whose t is infinite, or 0 / 0
        return found, float(found.mean == 0)
    return found, float(stats.ttest_1samp(differences, 0.0).pvalue)


def unpaired(ours: Sequence[float], theirs: Sequence[float]) -> tuple[Interval, float]:
    """Difference of two means, and p of Welch's t test, which takes no equal deviations for granted."""
    n = min(len(ours), len(theirs))
    mean = float(np.mean(ours) - np.mean(theirs))
    if np.ptp(ours) == np.ptp(theirs) == 0:
        return Interval(mean=mean, half_width=0.0, n=n), float(mean == 0)
    found = stats.ttest_ind(ours, theirs, equal_var=False)
    low, high = found.confidence_interval(0.95)
    return Interval(mean=mean, half_width=float(high - low) / 2, n=n), float(found.pvalue)


def on_images(ours: Answers, theirs: Answers) -> tuple[Interval, float]:
    """Difference of two networks' accuracies on the same images, and p of McNemar's exact test.

    Its interval is Wald's, from the shares of images that only one of the two got right (Agresti 2013, eq. 11.2). It
    says how sure the difference is between these two networks, and nothing of other seeds. n: 1, the seeds.
    """
    gained, lost = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    mean = (gained - lost) / len(ours)
    half_width = stats.norm.ppf(0.975) * np.sqrt(((gained + lost) / len(ours) - mean**2) / len(ours))
    p = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    return Interval(mean=mean, half_width=float(half_width), n=1), float(p)


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
