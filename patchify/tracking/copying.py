"""A store's runs in another store: all of each, once, in any number of attempts.

A copy is RUNNING until all of the run is there, and then ends when and as the run did: by that a later attempt sees
what is left to do. Copies are found by the mark of their runs, and whatever is sent twice is the same to the store.
"""

import enum
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout
from mlflow.entities import Experiment, Param, Run, RunTag

from patchify.store import StoreError, Unreachable
from patchify.store.faults import LATER, explained
from patchify.store.opening import Store
from patchify.stored.server import download, search
from patchify.tracking.delivery import JOURNAL, PARENT, PAUSE, TRIES
from patchify.tracking.pages import sent_once
from patchify.tracking.portions import METRICS, TAGS, batches

COPY_OF = "copy_of"
"""The tag of the copy of a run that has no journal: the id of that run."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only process that copies from this tracking folder: two would make two copies. Raises StoreError."""
    lock = FileLock(folder / "copying.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreError(f"another process is at copying from {folder}: wait until it has ended") from None
    with lock:
        yield


class Outcome(enum.Enum):
    """What became of a run."""

    copied = "copied"
    there = "there already"
    running = "left: it is still running"


@dataclass(slots=True, kw_only=True, frozen=True)
class Place:
    """Where runs are copied to.

    study: the id of its experiment there; copies: the runs that are there, by their marks
    """

    store: Store
    study: str
    copies: dict[str, Run]


def runs_to_copy(source: Store, study: str) -> list[Run]:
    """All runs of a study, the parents of sweeps among them, oldest first. Raises StoreError."""
    with explained(source.address, "check --from"):
        found = source.client.get_experiment_by_name(study)
        return list(search(source.client, [found.experiment_id] if found else [], "", "start_time ASC"))


def place(source: Store, target: Store, study: str) -> Place:
    """The study in the other store, made where it is not there, with its description. Raises StoreError."""
    with explained(target.address, LATER):
        experiment = target.experiment(study)
        here, there = source.client.get_experiment_by_name(study), target.client.get_experiment(experiment)
        for name, value in _page(here, there).items() if here else ():
            target.client.set_experiment_tag(experiment, name, value)
        copies = {_mark(run): run for run in search(target.client, [experiment], "", "start_time ASC")}
        return Place(store=target, study=experiment, copies=copies)


def copy(source: Store, run: Run, to: Place) -> Outcome:
    """Copy a run, and first the sweep that it is part of, unless they are there.

    Raises Unreachable where it may go better later, StoreError where not.
    """
    if run.info.status == "RUNNING":
        return Outcome.running
    for attempt in range(TRIES):
        try:
            with explained(to.store.address, LATER):
                return _copied(source, run, to)
        except Unreachable:
            if attempt == TRIES - 1:
                raise
            time.sleep(PAUSE * 2**attempt)
    raise AssertionError("each attempt returns or raises")


def _copied(source: Store, run: Run, to: Place) -> Outcome:
    client, tags = to.store.client, _tags(source, run, to)
    copied = to.copies.get(_mark(run))
    if copied and _end(copied) == _end(run):
        lacking = {name: value for name, value in tags.items() if copied.data.tags.get(name) != value}
        _set_tags(to.store, copied.info.run_id, lacking)
        return Outcome.there
    if copied:  # by an attempt that did not end, or before the run went on
        number = copied.info.run_id
        client.update_run(number, status="RUNNING")
        _set_tags(to.store, number, tags)
    else:
        name = run.info.run_name
        made = client.create_run(to.study, start_time=run.info.start_time, tags=tags, run_name=name)
        number, to.copies[_mark(run)] = made.info.run_id, made
    for params in batches([Param(name, value) for name, value in run.data.params.items()], TAGS):
        client.log_batch(number, params=params)
    for name in run.data.metrics:
        for metrics in batches(source.client.get_metric_history(run.info.run_id, name), METRICS):
            client.log_batch(number, metrics=metrics)
    if run.inputs and run.inputs.dataset_inputs:
        sent_once(partial(client.log_inputs, number, datasets=run.inputs.dataset_inputs))
    _copy_files(source, run, to.store, number)
    if run.info.status != "RUNNING":  # as a sweep may be, of which some runs have ended
        client.set_terminated(number, run.info.status, run.info.end_time)
    to.copies[_mark(run)] = client.get_run(number)
    return Outcome.copied


def _mark(run: Run) -> str:
    """What a run and its copy have in common, and no other run."""
    tags = run.data.tags
    return str(tags.get(JOURNAL) or tags.get(COPY_OF) or run.info.run_id)


def _end(run: Run) -> tuple[str, int | None]:
    return run.info.status, run.info.end_time


def _tags(source: Store, run: Run, to: Place) -> dict[str, str]:
    """The copy's tags, its parent's id there among them: that is copied first."""
    tags: dict[str, str] = dict(run.data.tags)
    if JOURNAL not in tags:
        tags[COPY_OF] = _mark(run)
    parent = tags.pop(PARENT, None)
    if parent and not source.has_deleted(parent):
        sweep = source.client.get_run(parent)
        if _mark(sweep) not in to.copies:
            _copied(source, sweep, to)
        tags[PARENT] = to.copies[_mark(sweep)].info.run_id
    return tags


def _set_tags(store: Store, run: str, tags: Mapping[str, str]) -> None:
    for some in batches([RunTag(name, value) for name, value in tags.items()], TAGS):
        store.client.log_batch(run, tags=some)


def _copy_files(source: Store, run: Run, target: Store, number: str) -> None:
    """Copy the files that are not there, or of another size: those of an attempt that did not end."""
    for below, file, size in _files(source, run.info.run_id):
        there = {found.path: found.file_size for found in target.client.list_artifacts(number, below or None)}
        if there.get(file) != size:
            with TemporaryDirectory() as folder:
                path = download(source.client, run.info.run_id, file, Path(folder))
                target.client.log_artifact(number, str(path), below or None)


def _files(store: Store, run: str, below: str = "") -> Iterator[tuple[str, str, int | None]]:
    """The folder, path and size of each of a run's files."""
    for found in store.client.list_artifacts(run, below or None):
        if found.is_dir:
            yield from _files(store, run, found.path)
        else:
            yield below, found.path, found.file_size


def _page(here: Experiment, there: Experiment) -> dict[str, str]:
    """What the study's page says and the other's does not; links in it lead to that one."""
    link, other = (f"#/experiments/{study.experiment_id}/" for study in (here, there))
    return {name: value.replace(link, other) for name, value in here.tags.items() if name not in there.tags}
