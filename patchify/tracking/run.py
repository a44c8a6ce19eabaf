"""A run in the store, from its start to its end."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mlflow.entities import Metric, Param, RunTag

from patchify.tracking.store import Store

PARENT = "mlflow.parentRunId"
DESCRIPTION = "mlflow.note.content"


class TrackedRun:
    """A run that is open as long as its `with` block: left normally it is FINISHED.

    Left by Ctrl-C it is KILLED, by any other exception FAILED with the reason in the tag `failure`.
    """

    def __init__(
        self, store: Store, study: str, name: str, *, tags: Mapping[str, str], description: str, parent: str | None
    ) -> None:
        self.store = store
        all_tags = {**tags, "mlflow.source.name": "patchify", DESCRIPTION: description}
        if parent:
            all_tags[PARENT] = parent
        run = store.client.create_run(store.experiment(study), tags=all_tags, run_name=name)
        self.id = str(run.info.run_id)

    def log_params(self, params: Mapping[str, str]) -> None:
        """Record the settings, once."""
        self.store.client.log_batch(self.id, params=[Param(key, value) for key, value in params.items()])

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Record numbers at an update."""
        now = int(time.time() * 1000)
        self.store.client.log_batch(self.id, metrics=[Metric(key, value, now, step) for key, value in metrics.items()])

    def log_files(self, folder: Path) -> None:
        """Keep all files below `folder` as artifacts."""
        self.store.client.log_artifacts(self.id, str(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = "FINISHED"
        if error is not None:
            interrupted = isinstance(error, KeyboardInterrupt)
            status = "KILLED" if interrupted else "FAILED"
            reason = "interrupted" if interrupted else f"{type(error).__name__}: {error}"
            self.store.client.log_batch(self.id, tags=[RunTag("failure", reason)])
        self.store.client.set_terminated(self.id, status=status)
