"""A run in the store, from its start to its end."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from patchify.interrupts import undisturbed
from patchify.tracking import StoreError
from patchify.tracking.store import Store

SEND_EVERY = 5.0
"""Seconds between two batches of metrics: measured, sending one record costs as much as eight updates."""
BATCH = 1000
"""Metrics that MLflow takes at once."""

PARENT = "mlflow.parentRunId"
DESCRIPTION = "mlflow.note.content"


class TrackedRun:
    """A run that is open as long as its `with` block: left normally it is FINISHED.

    Left by Ctrl-C it is KILLED, by any other exception FAILED with the reason in the tag `failure`. Metrics are sent in
    batches, with the first record after a few seconds; at its end the store has them all, however it was left.
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
        self.unsent: list[Metric] = []
        self.sent = time.monotonic()

    def log_params(self, params: Mapping[str, str]) -> None:
        """Record the settings, once."""
        self.store.client.log_batch(self.id, params=[Param(key, value) for key, value in params.items()])

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Record numbers at an update; they are sent with others, and keep the time of this call."""
        now = int(time.time() * 1000)
        self.unsent += [Metric(key, value, now, step) for key, value in metrics.items()]
        if time.monotonic() - self.sent >= SEND_EVERY:
            self._send()

    def log_files(self, folder: Path) -> None:
        """Keep all files below `folder` as artifacts."""
        self.store.client.log_artifacts(self.id, str(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():  # or the run would stay RUNNING for ever
            if error is not None:
                self._fail(error)
                return
            try:
                self._send()
                self.store.client.set_terminated(self.id, status="FINISHED")
            except MlflowException as broken:
                self._fail(broken)
                raise

    def _send(self) -> None:
        while self.unsent:
            self.store.client.log_batch(self.id, metrics=self.unsent[:BATCH])
            del self.unsent[:BATCH]
        self.sent = time.monotonic()

    def _fail(self, error: BaseException) -> None:
        interrupted = isinstance(error, KeyboardInterrupt)
        reason = "interrupted" if interrupted else f"{type(error).__name__}: {error}"
        try:
            _mark(self.store, self.id, "KILLED" if interrupted else "FAILED", reason)
            self._send()
        except MlflowException as broken:  # what ended the run matters more than that the store can't be told
            error.add_note(f"The store {self.store.address} could not be told all of the run {self.id}: {broken}")


def mark_failed(store: Store, run: str, reason: str) -> None:
    """End a run whose own process can't do so any more. Raises StoreError."""
    try:
        _mark(store, run, "FAILED", reason)
    except MlflowException as broken:
        raise StoreError(
            f"run {run} could not be marked FAILED in {store.address}: {broken}; mark it there"
        ) from broken


def _mark(store: Store, run: str, status: str, reason: str) -> None:
    """End a run that failed or was killed, and say why in its tag `failure`."""
    store.client.set_terminated(run, status=status)
    store.client.log_batch(run, tags=[RunTag("failure", reason)])
