"""The comparison in the tracking store: one run for all, and below it one for each cell, to sort and filter."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from patchify.benchmark.names import OTHERS
from patchify.benchmark.report.readme import QUESTION
from patchify.benchmark.results import KEYS, headline
from patchify.tracking.facts import facts
from patchify.tracking.run import TrackedRun
from patchify.tracking.store import Store


def record(store: Store, study: str, results: pd.DataFrame, machine: Mapping[str, str], folder: Path) -> None:
    """Log the table, and the folder with README and charts. Raises what MLflow raises."""
    tags = {**facts(), **{f"machine.{name}": value for name, value in machine.items()}}
    with TrackedRun(store, study, "comparison", tags=tags, description=QUESTION, parent=None) as whole:
        whole.log_params({name: value for name, value in machine.items() if name in ("processor", "cores")})
        for threads, measured in results.groupby("threads"):
            means = headline(measured)
            known = {f"geomean_{threads}_threads/{name}": means[name] for name in OTHERS if not math.isnan(means[name])}
            if known:
                whole.log_metrics(known, step=0)
        whole.log_files(folder)
        for key, cell in results.groupby(KEYS):
            settings = dict(zip(KEYS, map(str, key), strict=True))
            name = " ".join(f"{name}={value}" for name, value in settings.items())
            with TrackedRun(store, study, name, tags=tags, description=QUESTION, parent=whole.id) as run:
                run.log_params(settings)
                run.log_metrics(_metrics(cell), step=0)


def _metrics(cell: pd.DataFrame) -> dict[str, float]:
    """Of one cell: `cpu_us/ours`, `cpu_ratio/pytorch`, ..."""
    rows = cell.set_index("implementation")
    return {
        f"{column}/{name}": float(value)
        for column in ("cpu_us", "wall_us", "cpu_ratio", "wall_ratio")
        for name, value in rows[column].items()
    }
