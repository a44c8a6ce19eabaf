"""From stored runs to a study's tables: what differs between them, and what they are called."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from patchify.core.model import operations
from patchify.core.model.architecture import Architecture
from patchify.core.training.schedules import SCHEDULES
from patchify.store.opening import Store
from patchify.stored.histories import histories
from patchify.stored.run import StoredRun
from patchify.study.names import names_by, names_of, natural

SCORES = (
    *("train_loss", "train_accuracy", "validation_accuracy", "test_loss", "test_accuracy"),
    *("train_seconds", "train_cpu_seconds"),
)
"""Columns of results.csv that come from a run's last record; accuracies as fractions, seconds of training alone."""
VIEWS = ("test_accuracy_views", "validation_accuracy_views")
"""Of these the first that some run has is a column more."""


def data_name(run: StoredRun) -> str:
    """The data set as results name it: unofficial copies with the beginning of their digest."""
    official = run.tags["data.official"] == "True"
    return run.tags["data"] if official else f"{run.tags['data']} (unofficial copy {run.tags['data.digest'][:8]})"


def differing(runs: Sequence[StoredRun]) -> list[str]:
    """Settings that are not the same in all runs, the seed aside."""
    keys = {key for run in runs for key in run.params} - {"seed"}
    return sorted(key for key in keys if len({run.params.get(key) for run in runs}) > 1)


@dataclass(kw_only=True, frozen=True, eq=False)  # equal only to itself: what was found in it can be kept in a cache
class Tables:
    """What a study's charts are drawn from.

    results: results.csv, one row a run; history: history.csv, one row a record; about: the data set, in words
    baseline: the group of runs that others are compared with; further: results.csv of further studies, by their names
    """

    results: pd.DataFrame
    history: pd.DataFrame
    about: str
    baseline: str | None = None
    further: dict[str, pd.DataFrame] = field(default_factory=dict)

    def cycle_ends(self, run: str) -> list[int]:
        """Updates at which a cycle of the learning rate of this group of runs ended and another began."""
        of_run = self.results["run"] == run
        ends: list[int] = json.loads(self.results.loc[of_run, "cycle_ends"].iloc[0])
        return ends


def tables(
    store: Store, runs: Sequence[StoredRun], *, note: str = "", by: Sequence[str] = (), baseline: str | None = None
) -> Tables:
    """The tables of these runs, in an order that only the runs decide. Raises StoreError.

    note: on the data set; by: settings that make groups of the runs; none: all that differ
    """
    settings = differing(runs)
    names = names_by(runs, by) if by else names_of(runs, settings)
    runs = sorted(runs, key=lambda run: (natural(names[run.id]), int(run.params["seed"]), run.id))
    records = histories(store, runs)
    updates = records.groupby("run_id")["step"].max()
    columns = [*SCORES, *[column for column in VIEWS if any(_metric(column) in run.metrics for run in runs)][:1]]
    rows = [
        {"run_id": run.id, "run_key": run.tags["run_key"], "data": data_name(run), "run": names[run.id]}
        | {key: run.params.get(key, "") for key in settings}
        | {
            "seed": int(run.params["seed"]),
            "updates": int(updates[run.id]),
            "cycle_ends": json.dumps(cycle_ends(run)),
            "train_flops": train_flops(run, int(updates[run.id])),
        }
        | {score: run.metrics.get(_metric(score), np.nan) for score in columns}
        for run in runs
    ]
    results = pd.DataFrame(rows)
    metrics = [str(column) for column in records if column not in {"run_id", "step"}]
    history = results[["run_id", "run", "seed"]].merge(records, on="run_id", sort=False)
    about = ", ".join(filter(None, [data_name(runs[0]), note]))
    return Tables(
        results=_rounded(results, columns),
        history=_rounded(history, metrics),
        about=about,
        baseline=baseline,
    )


def train_flops(run: StoredRun, updates: int) -> int:
    """Floating-point operations of the matrix products of a run's updates, from the settings that every run has."""
    names = ("filter_sizes", "filter_counts", "hidden")
    architecture = Architecture(**{name: json.loads(run.params[f"architecture.{name}"]) for name in names})
    return updates * operations.of_update(architecture, int(run.params["batch_size"]))


def cycle_ends(run: StoredRun) -> list[int]:
    """Updates at which a cycle of the run's learning rate ended and another began."""
    kind = next(kind for kind in SCHEDULES if kind.__name__.lower() == run.params["schedule"])
    settings = {setting.name: json.loads(run.params[f"schedule.{setting.name}"]) for setting in fields(kind)}
    return kind(**settings).bounds[1:-1]


def _metric(column: str) -> str:
    return column.replace("_", "/", 1)


def _rounded(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Columns to six digits here, not when written, so that the files hold just what the charts show."""
    values = table[list(columns)].to_numpy(float)
    with np.errstate(divide="ignore"):
        places = 5 - np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** np.clip(np.nan_to_num(places), 0, 300)
    table[list(columns)] = np.rint(values * scale) / scale  # the number nearest to the decimals, as it is read back
    return table
