"""The table of a study: for each group of runs, means over seeds and how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from patchify.study.groups import group_intervals, whole_groups
from patchify.study.intervals import Interval
from patchify.study.latex import tabular
from patchify.study.markdown import number, table
from patchify.study.quantities import heading

COLUMNS = (
    "test_accuracy",
    "test_accuracy_views",
    "validation_accuracy",
    "validation_accuracy_views",
    "train_accuracy",
    "test_loss",
    "train_loss",
    "train_seconds",
    "train_cpu_seconds",
)
"""Of the table; one that no group has in all of its runs is left out."""


def judging_column(results: pd.DataFrame) -> str:
    """What runs are judged by: accuracy on test images, or on validation images where no run has seen a test image."""
    return "validation_accuracy" if results["test_accuracy"].isna().all() else "test_accuracy"


@dataclass(slots=True, kw_only=True)
class Overview:
    """counts: runs of each group, by its name; columns: by group, for each column; a group may lack one."""

    counts: dict[str, int]
    columns: dict[str, dict[str, Interval]]

    def lines(self, column: str) -> list[str]:
        """A line of text for each group that has the column.

        >>> found = Interval(mean=0.662, half_width=0.003, n=3)
        >>> Overview(counts={"arch5": 3}, columns={"test_accuracy": {"arch5": found}}).lines("test_accuracy")
        ['arch5: test accuracy (%) 66.2 ± 0.3 (n = 3)']
        """
        groups = self.columns.get(column, {})
        return [f"{name}: {heading(column)} {number(found, column)} (n = {found.n})" for name, found in groups.items()]

    def markdown(self) -> list[str]:
        """Lines of a table: means ± half of their intervals."""
        return table(self._headings, self._rows)

    def latex(self) -> str:
        """The same table for a report."""
        return tabular(self._headings, self._rows)

    def numbers(self) -> pd.DataFrame:
        """The same in full, as summary.csv: mean, standard deviation and half of the 95 % interval of each column."""
        rows = []
        for name, n in self.counts.items():
            row: dict[str, object] = {"run": name, "n": n}
            for column, groups in self.columns.items():
                found = groups.get(name)
                row |= {
                    column: found and found.mean,
                    f"{column}_deviation": found and found.deviation,
                    f"{column}_half_width": found and found.half_width,
                }
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def _headings(self) -> list[str]:
        return ["run", "n", *map(heading, self.columns)]

    @property
    def _rows(self) -> list[Sequence[str]]:
        return [
            [name, str(n), *(_cell(groups.get(name), column) for column, groups in self.columns.items())]
            for name, n in self.counts.items()
        ]


def overview(results: pd.DataFrame, first: str) -> Overview:
    """Of the runs in results.csv; first: the column that stands before the usual ones."""
    counts = {str(name): int(n) for name, n in results.groupby("run", sort=False).size().items()}
    columns = [column for column in dict.fromkeys([first, *COLUMNS]) if column in results]
    found = {column: group_intervals(whole_groups(results, column), column) for column in columns}
    return Overview(counts=counts, columns={column: groups for column, groups in found.items() if groups})


def _cell(found: Interval | None, column: str) -> str:
    return number(found, column) if found else "–"
