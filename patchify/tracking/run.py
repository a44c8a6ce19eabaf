"""A run in the store, from its start to its end."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

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
        with _undisturbed():
            if error is None:
                self.store.client.set_terminated(self.id, status="FINISHED")
                return
            interrupted = isinstance(error, KeyboardInterrupt)
            reason = "interrupted" if interrupted else f"{type(error).__name__}: {error}"
            try:
                self.store.client.set_terminated(self.id, status="KILLED" if interrupted else "FAILED")
                self.store.client.log_batch(self.id, tags=[RunTag("failure", reason)])
            except MlflowException as broken:  # what ended the run matters more than that the store can't be told
                error.add_note(f"The run {self.id} could not be marked in {self.store.address}: {broken}")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C for the moment that the store takes: a second one would leave the run RUNNING for ever."""
    if threading.current_thread() is not threading.main_thread():  # where signals don't arrive
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
