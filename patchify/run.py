"""What happens in one run: a network is trained, recorded as it goes, and kept with its pictures."""

import shutil
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from patchify.artifacts import write_artifacts
from patchify.config.identity import run_key, settings, without
from patchify.config.schema import Run
from patchify.core.model.parameters import Parameters
from patchify.core.training.checkpoints import latest_checkpoint, remove_checkpoints, write_checkpoint
from patchify.core.training.records import Record, State
from patchify.data.dataset import Dataset
from patchify.data.prepare import prepare
from patchify.display import complain
from patchify.display.events import Done, Finished, Started, Waiting, Watch, judged
from patchify.interrupts import Wishes, deferred
from patchify.journal.journal import finished, read
from patchify.tracking.facts import facts
from patchify.tracking.pages import DESCRIPTION
from patchify.tracking.run import TrackedRun
from patchify.tracking.standing import accuracy_of, folder_for, store_name, sync_command
from patchify.training import training_of

CHECKPOINT_EVERY = 60.0
"""Seconds between two checkpoints at most; every record with scores has one, too."""


def train(run: Run, name: str, config: str, *, parent: str | None, shared: Collection[str] = (), watch: Watch) -> float:
    """Train one network, or go on training it, and record it; returns the final accuracy, on test images if it has any.

    Where another process is at the same run, waits for it; what that one has finished is not computed again.

    name: what the run is called, seed aside; config: the composed config as YAML
    parent: key of the sweep, if there is one; shared: words of the name that all its runs have, not shown in the store
    watch: called with each event of the run; where it raises Pruned the run ends, and its checkpoint stays
    Raises DataError, StoreError, DamagedJournal, OSError where a disk is full, and Diverged.
    """
    dataset = prepare(run.data, run.dtype.value)
    title = f"{name} · seed {run.seed}"
    folder = folder_for(run.tracking.uri, run.tracking.folder, run_key(run, dataset.digest))
    with folder.held(waiting=lambda: watch(Waiting(name=title))):
        entries = read(folder.journal)
        if finished(entries):
            accuracy = accuracy_of(entries)
            watch(Done(name=title, accuracy=accuracy))
            return accuracy
        header = _header(run, name, dataset, parent) | {"name": f"{without(name, shared)} · seed {run.seed}"}
        with TrackedRun(folder, Path(run.tracking.folder), header) as tracked:
            parameters, records = _trained(run, title, dataset, tracked, watch)
            shutil.rmtree(folder.artifacts, ignore_errors=True)  # of an attempt that was broken off
            folder.artifacts.mkdir()
            try:
                tags = write_artifacts(
                    folder.artifacts,
                    title,
                    run=run,
                    config=config,
                    parameters=parameters,
                    dataset=dataset,
                    records=records,
                )
            except OSError as error:
                reason = f"{error.strerror}; the run's files do not fit: make room and start the same command again"
                raise OSError(error.errno, reason, error.filename or str(folder.artifacts)) from error
            images, result = judged(records[-1])
            end = Finished(images=images, accuracy=result.accuracy, loss=result.loss, seconds=records[-1].seconds)
            about = f"{_description(run, name, dataset)}\n\nResult: {end}"
            tracked.tags |= {"parameters_sha256": parameters.digest(), DESCRIPTION: about, **tags}
        remove_checkpoints(folder.path)
    if tracked.unsent:
        complain(
            f"{title} is not all in the store: {tracked.unsent}; `{sync_command(run.tracking.folder)}` sends the rest"
        )
    watch(end)
    return result.accuracy


def _description(run: Run, name: str, dataset: Dataset) -> str:
    """What stands on the run's page, as Markdown."""
    return f"{run.question}\n\n**{name} · seed {run.seed}** on {dataset.about}, {run.schedule.total:,} updates."


def _header(run: Run, name: str, dataset: Dataset, parent: str | None) -> dict[str, Any]:
    """What the store is told about a run, once."""
    return {
        "store": store_name(run.tracking.uri, run.tracking.folder),
        "study": run.study,
        "description": _description(run, name, dataset),
        "results": {"images": "test" if run.evaluation.test else "validation", "settings": []},
        "parent": parent,
        "params": settings(run),
        "tags": {
            **facts(),
            "run_key": run_key(run, dataset.digest),
            "label": name,
            "data": dataset.name,
            "data.digest": dataset.digest,
            "data.official": str(dataset.official),
        },
    }


def _trained(
    run: Run, title: str, dataset: Dataset, tracked: TrackedRun, watch: Watch
) -> tuple[Parameters, list[Record]]:
    """The network after all its updates, from the last checkpoint on if there is one, and all records with scores."""
    folder, key = tracked.folder.path, tracked.folder.key
    state, refused = latest_checkpoint(folder, run=key)
    for reason in refused:
        complain(f"{title}: {reason}")
    with training_of(run, dataset, state) as training, deferred() as wishes, Keeper(tracked, wishes) as keeper:
        watch(Started(name=title, step=training.step, total=run.schedule.total))
        for record in training.records:  # which the journal has, unless it was cut
            tracked.log_metrics(record.metrics(), record.step)
        for record in training:
            if record.evaluations:
                tracked.log_metrics(record.metrics(), record.step)
            if record.evaluations or keeper.due or wishes.end or wishes.checkpoint:
                wishes.checkpoint = False
                keeper.keep(training.state())
            watch(record)
            if wishes.end:
                break
    return training.result, training.records


class Keeper:
    """Writes checkpoints of a run in a thread: measured, a disk takes 20 ms to hold one, in which training goes on.

    The last one handed over is written when the `with` block is left. Where it could not be, that is raised, or said
    if something else ends the run: an error, or what signals wish.
    """

    def __init__(self, tracked: TrackedRun, wishes: Wishes) -> None:
        self.tracked, self.wishes = tracked, wishes
        self.thread = ThreadPoolExecutor(max_workers=1)
        self.before: Future[None] | None = None
        self.kept = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the last checkpoint is too old."""
        return time.monotonic() - self.kept >= CHECKPOINT_EVERY

    def keep(self, state: State) -> None:
        """Have a state written once the one before is. Raises OSError if that one could not be written."""
        self.wait()
        self.before = self.thread.submit(self._write, state)
        self.kept = time.monotonic()

    def wait(self) -> None:
        """Wait for the last state to be written. Raises OSError where it could not be."""
        if self.before:
            self.before.result()

    def _write(self, state: State) -> None:
        self.tracked.sync()  # first: a record that a checkpoint holds is not made again
        write_checkpoint(self.tracked.folder.path, state, run=self.tracked.folder.key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        self.thread.shutdown()
        failure = self.before.exception() if self.before else None
        if failure and (self.wishes.end or error not in {None, failure}):
            complain(f"the last checkpoint is not kept: {failure}")
        elif failure:
            raise failure
