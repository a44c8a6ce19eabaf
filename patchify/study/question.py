"""A question that no study file foresaw: which runs, grouped by which settings, judged by which column."""

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from patchify.config.catalog import Study
from patchify.config.identity import short
from patchify.config.names import nearest
from patchify.config.schema import Chart, ChartKind
from patchify.stored.run import StoredRun
from patchify.study import ResultsError
from patchify.study.overview import judging_column
from patchify.study.quantities import heading
from patchify.study.results import differing

RELATIONS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CONDITION = re.compile(r"([\w.]+)\s*(!=|<=|>=|=|<|>)\s*(.+)")
BETWEEN = re.compile(r",(?![^\[]*\])")
"""The commas between values, not those in a list."""


@dataclass(slots=True, kw_only=True)
class Question:
    """What is asked of a study's runs.

    by: settings whose values make the groups of runs, whatever else differs in them; none: all settings that differ
    where: conditions that all runs meet, as "seed=0,1" for any of these values, or with != < <= > >= and one
    metric: the column of results.csv in which groups are compared; None for the study's own
    """

    by: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    metric: str | None = None

    def __bool__(self) -> bool:
        return bool(self.by or self.where or self.metric)

    def __str__(self) -> str:
        """In words that can name a folder.

        >>> str(Question(by=["schedule.eta_max"], where=["hidden = [50]"], metric="test_loss"))
        'test_loss by eta_max where hidden=[50]'
        """
        return " ".join(filter(None, [self.metric, self.scope]))

    @property
    def scope(self) -> str:
        """Which groups of which runs, in words."""
        by = f"by {', '.join(map(short, self.by))}" if self.by else ""
        where = " and ".join(re.sub(r"[\s/]", "", condition) for condition in self.where)
        return " ".join(filter(None, [by, where and f"where {where}"]))

    def groups(self, runs: Sequence[StoredRun]) -> tuple[list[str], list[str]]:
        """The settings to group by, none for all that differ, and those in which runs of a group then differ.

        Both by their full names. Raises ResultsError for one that the runs don't have.
        """
        by = [_setting(key, runs, "--by") for key in self.by]
        return by, ["seed", *(key for key in differing(runs) if by and key not in by)]

    def column(self, results: pd.DataFrame) -> str:
        """The column to compare in, which is `judging_column` where none is asked for.

        Raises ResultsError for one that results.csv does not have, or that is no number.
        """
        if self.metric is None:
            return judging_column(results)
        numbers = [str(column) for column in results.select_dtypes("number") if column != "seed"]
        if self.metric not in numbers:
            there = nearest(self.metric, numbers)
            raise ResultsError(f"--metric must name numbers in results.csv: there is no {self.metric}; {there}")
        return self.metric

    def of(self, study: Study, column: str) -> Study:
        """The study with this question instead of its own charts."""
        title = f"{heading(column).partition(' (')[0].capitalize()} {self.scope}".strip()
        bars = {column: Chart(kind=ChartKind.bars, show=[column], title=title)}
        return replace(study, name=f"{study.name}: {self}", charts=bars)

    def chosen(self, runs: Sequence[StoredRun]) -> list[StoredRun]:
        """The runs that meet the conditions. Raises ResultsError where none does, or a condition is none."""
        left = list(runs)
        for condition in self.where:
            left = _meeting(condition, left)
        return left


def _meeting(condition: str, runs: Sequence[StoredRun]) -> list[StoredRun]:
    read = CONDITION.fullmatch(condition.strip())
    if not read:
        raise ResultsError(f"--where must read KEY=VALUE: got {condition!r}; write seed=0,1 or schedule.eta_max>=0.05")
    key, relation, wanted = read.groups()
    setting, values = _setting(key, runs, "--where"), BETWEEN.split(wanted)
    if relation != "=" and len(values) > 1:
        raise ResultsError(f"--where must have one value after {relation}: got {wanted}; only = takes several")
    met = [
        run for run in runs if any(_compare(run.params.get(setting, ""), relation, value.strip()) for value in values)
    ]
    if not met:
        there = ", ".join(sorted({run.params.get(setting, "") for run in runs}))
        raise ResultsError(f"--where {condition} leaves no run: {setting} is {there}")
    return met


def _compare(value: str, relation: str, wanted: str) -> bool:
    """As numbers where both are, else as text without spaces."""
    try:
        return bool(RELATIONS[relation](float(value), float(wanted)))
    except ValueError:
        return bool(RELATIONS[relation](value.replace(" ", ""), wanted.replace(" ", "")))


def _setting(key: str, runs: Sequence[StoredRun], option: str) -> str:
    """A setting's full name, of which the last part is enough where no other ends so."""
    known = sorted({setting for run in runs for setting in run.params})
    found = [key] if key in known else [setting for setting in known if setting.endswith(f".{key}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise ResultsError(f"{option} must name one setting: got {key}; choose among {', '.join(found)}")
    raise ResultsError(f"{option} must name a setting of the runs: there is no {key}; {nearest(key, known)}")
