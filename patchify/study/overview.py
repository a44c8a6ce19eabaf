"""The table of a study: for each group of runs, means over seeds and how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from patchify.study.groups import group_intervals, whole_groups
from patchify.study.intervals import Interval
from patchify.study.markdown import number, table
from patchify.study.quantities import heading

COLUMNS = (
    "test_accuracy",
    "test_accuracy_views",
    "validation_accuracy",
    "train_accuracy",
    "test_loss",
    "train_loss",
    "train_seconds",
    "train_cpu_seconds",
)
"""Of the table; one that no group has in all of its runs is left out."""


@dataclass(slots=True, kw_only=True)
class Overview:
    """counts: runs of each group, by its name; columns: by group, for each column; a group may lack one."""

    counts: dict[str, int]
    columns: dict[str, dict[str, Interval]]

    def markdown(self) -> list[str]:
        """Lines of a table: means ± half of their intervals."""
        return table(self._headings, self._rows)

    def latex(self) -> str:
        """The same table for a report, with the rules of the package booktabs."""
        written = pd.DataFrame(self._rows, columns=self._headings)
        return written.to_latex(index=False, escape=True, column_format="l" + "r" * (len(self._headings) - 1))

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


def overview(results: pd.DataFrame) -> Overview:
    """Of the runs in results.csv."""
    counts = {str(name): int(n) for name, n in results.groupby("run", sort=False).size().items()}
    found = {column: group_intervals(whole_groups(results, column), column) for column in COLUMNS if column in results}
    return Overview(counts=counts, columns={column: groups for column, groups in found.items() if groups})


def _cell(found: Interval | None, column: str) -> str:
    return number(found, column) if found else "–"
