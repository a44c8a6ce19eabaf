"""The comparison in the tracking store: one run for all, and below it one for each cell, to sort and filter."""

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pandas as pd

from patchify.benchmark.names import OTHERS
from patchify.benchmark.report.readme import QUESTION
from patchify.benchmark.results import KEYS, headline
from patchify.tracking.facts import facts
from patchify.tracking.run import TrackedRun
from patchify.tracking.standing import folder_for, store_name


def record(
    uri: str | None, tracking: str, study: str, results: pd.DataFrame, machine: Mapping[str, str], folder: Path
) -> str | None:
    """Log the table, and the folder with README and charts; why the store does not have all of it, if that is so.

    uri, tracking: the store's address, if it is not the tracking folder's own, and that folder
    Raises OSError where a disk is full.
    """
    tags = {**facts(), **{f"machine.{name}": value for name, value in machine.items()}}

    def opened(name: str, params: Mapping[str, str], parent: str | None) -> TrackedRun:
        header = {"study": study, "name": name, "description": QUESTION, "params": dict(params)}
        where = {"store": store_name(uri, tracking), "parent": parent}
        return TrackedRun(folder_for(uri, tracking, uuid4().hex), Path(tracking), {**header, **where, "tags": tags})

    known = {name: value for name, value in machine.items() if name in ("processor", "cores")}
    with opened("comparison", known, None) as whole:
        whole.log_metrics(_headlines(results), step=0)
        shutil.copytree(folder, whole.folder.artifacts)
        for key, cell in results.groupby(KEYS):
            settings = dict(zip(KEYS, map(str, key), strict=True))
            name = " ".join(f"{name}={value}" for name, value in settings.items())
            with opened(name, settings, whole.folder.key) as run:
                run.log_metrics(_metrics(cell), step=0)
    return whole.unsent


def _headlines(results: pd.DataFrame) -> dict[str, float]:
    """Of all cells: `geomean_1_threads/pytorch`, ... as far as they were measured."""
    return {
        f"geomean_{threads}_threads/{name}": mean
        for threads, measured in results.groupby("threads")
        for name, mean in headline(measured).items()
        if name in OTHERS and not math.isnan(mean)
    }


def _metrics(cell: pd.DataFrame) -> dict[str, float]:
    """Of one cell: `cpu_us/ours`, `cpu_ratio/pytorch`, ..."""
    rows = cell.set_index("implementation")
    return {
        f"{column}/{name}": float(value)
        for column in ("cpu_us", "wall_us", "cpu_ratio", "wall_ratio")
        for name, value in rows[column].items()
    }
