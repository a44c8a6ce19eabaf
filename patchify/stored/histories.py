"""All records of many runs, read at once."""

from collections.abc import Sequence

import pandas as pd

from patchify.store.opening import Store
from patchify.stored.run import StoredRun
from patchify.stored.source import asking


def histories(store: Store, runs: Sequence[StoredRun]) -> pd.DataFrame:
    """A row for each record: `run_id`, `step`, and each metric, NaN where the record lacks it; in order of both.

    Raises StoreError, Unreachable.
    """
    metrics = sorted({metric for run in runs for metric in run.metrics})
    with asking(store) as source:
        records = source.records(runs, metrics)
    table = pd.DataFrame(records, columns=["run_id", "step", *metrics])
    return table.sort_values(["run_id", "step"], ignore_index=True)
