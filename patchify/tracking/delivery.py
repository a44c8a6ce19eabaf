"""Sending a run's journal and files to its store: all of it, once, in any number of attempts.

An answer may be lost, and a process killed before it noted one, so anything may be sent twice. It is the same to the
store both times: tags and settings are set, metrics carry the journal's times and MLflow's SQL stores keep one of two
equal ones (tried: SQLite and a server, batches of which a part is new, NaN), as they do of inputs, and a run is found
again by its journal's id.

All records are sent, however many: MLflow's charts draw 320 points of a metric (measured on its server: 150 ms for the
chart of a metric of 500 points, 230 for 5,000, 400 for 10,000).
"""

import math
import os
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import requests
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from patchify.journal.folder import LOCAL, RunFolder
from patchify.journal.journal import Entry, finished, read
from patchify.journal.sent import Sent, note, noted, pending, waiting_files
from patchify.store import RunDeleted, Unreachable
from patchify.store.address import private, public
from patchify.store.faults import NO_ROOM, explained
from patchify.store.opening import Store, address_of, open_store
from patchify.tracking.pages import DESCRIPTION, introduce
from patchify.tracking.portions import METRICS, TAGS, batches, portions

PARENT = "mlflow.parentRunId"
JOURNAL = "journal"
"""The tag by which a run is found that was made without our hearing of it."""

TRIES = 5
PAUSE = 0.1
"""Attempts in a row that get nothing sent before one gives up, and seconds between them."""


def deliver(folder: RunFolder, tracking: Path, patience: float = math.inf) -> None:
    """Send what the store does not have yet of a run, and of the sweep that it is part of what makes it known there.

    tracking: the folder of the local store, for runs that belong to it
    patience: seconds to wait for another process that sends it, which then is Unreachable
    Raises Unreachable where it may go better later, StoreError where not, RunDeleted unless the run was started again
    since, OSError naming the file for a full disk, and DamagedJournal. What was sent until then is noted.
    """
    with folder.sending(patience=patience) as alone:
        if not alone:
            raise Unreachable(f"another process is at sending what waits in {folder.path}")
        entries = read(folder.journal)
        if not entries or noted(folder, entries).lines == len(entries):
            return
        _secure(folder)
        address = entries[0].content["store"]
        store = _opened(address_of(None, str(tracking)) if address == LOCAL else private(address))
        with explained(store.address, f"what it does not have waits in {folder.path}"):
            try:
                _send_rest(folder, entries, store)
            except MlflowException as error:
                sent = noted(folder, entries)
                refused = sent.run and error.get_http_status_code() < requests.codes.server_error
                if not refused or not store.has_deleted(sent.run):
                    raise
                if all(entry.kind != "resumed" for entry in entries[sent.lines :]):
                    raise RunDeleted(_deleted(folder, entries[0], store)) from error
                note(folder, Sent(journal=sent.journal))  # whoever started it again wants it there: as a new run
                _send_rest(folder, entries, store)


def insist(folder: RunFolder, tracking: Path) -> None:
    """Deliver; where the store can't be reached, again, as long as some attempts get something sent.

    Raises what `deliver` raises.
    """
    failures, left = 0, pending(folder)
    while True:
        try:
            return deliver(folder, tracking)
        except Unreachable:
            before, left = left, pending(folder)
            failures = failures + 1 if left == before else 0
            if failures == TRIES:
                raise
        time.sleep(PAUSE)


_opened = cache(open_store)


def _deleted(folder: RunFolder, first: Entry, store: Store) -> str:
    remedy = "restore it there to have the rest sent, or compute it anew with rerun=true"
    name = f"the run {first.content['name']!r} was deleted in the store {public(store.address)}"
    return f"{name}: {remedy}; what waits in {folder.path} may then be removed"


def _secure(folder: RunFolder) -> None:
    """Have the disk hold the journal: a store that knew more than is left of it would be told twice."""
    with folder.journal.open("rb") as file:
        os.fsync(file.fileno())


def _send_rest(folder: RunFolder, entries: Sequence[Entry], store: Store) -> None:
    sent = _begun(folder, entries, store)
    for lines in portions(entries[sent.lines :]):
        _send(store, sent.run, lines)
        if lines[-1].kind == "resumed":
            for key, value in _parent(folder, lines[-1].content.get("parent"), store).items():
                store.client.set_tag(sent.run, key, value)
            store.client.update_run(sent.run, status="RUNNING")
        if lines[-1].kind == "end":
            if finished(entries):  # others left files half-written, or write them anew
                _send_files(folder, store, sent.run)
            store.client.set_terminated(sent.run, lines[-1].content["status"], lines[-1].time)
            _remove_others(store, sent)
        sent.lines += len(lines)
        note(folder, sent)


def _begun(folder: RunFolder, entries: Sequence[Entry], store: Store) -> Sent:
    """What the store has of a run, which is its first line at least."""
    sent = noted(folder, entries)
    if sent.lines:
        return sent
    first = entries[0].content
    sent.experiment = store.experiment(first["study"])
    known = _runs(store, sent)
    if not known and "run_key" in first["tags"]:
        _end_forerunners(store, sent, first)
    sent.run = known[0] if known else _create(folder, entries[0], store, sent)
    for batch in batches([Param(key, value) for key, value in first["params"].items()], TAGS):
        store.client.log_batch(sent.run, params=batch)
    introduce(store, sent.experiment, sent.run, first)
    sent.lines = 1
    note(folder, sent)
    return sent


def _create(folder: RunFolder, entry: Entry, store: Store, sent: Sent) -> str:
    first = entry.content
    tags = {**first["tags"], JOURNAL: sent.journal, "mlflow.source.name": "patchify", DESCRIPTION: first["description"]}
    tags |= _parent(folder, first["parent"], store)
    run = store.client.create_run(sent.experiment, start_time=entry.time, tags=tags, run_name=first["name"])
    return str(run.info.run_id)


def _parent(folder: RunFolder, key: str | None, store: Store) -> dict[str, str]:
    """The tag of a run in the sweep with this key, if that is one and known here: it is made known to the store."""
    if not key:
        return {}
    sweep = folder.sibling(key)
    with sweep.sending():
        entries = read(sweep.journal)
        return {PARENT: _begun(sweep, entries, store).run} if entries else {}


def _runs(store: Store, sent: Sent) -> list[str]:
    """Ids of all runs with this journal: there are two if one was made late, after its answer was given up."""
    found = store.client.search_runs([sent.experiment], f"tags.{JOURNAL} = '{sent.journal}'")
    return [run.info.run_id for run in found]


def _end_forerunners(store: Store, sent: Sent, first: Mapping[str, Any]) -> None:
    """End runs of this host with the same key that were left open and can't go on: their journal was moved away."""
    tags = f"tags.run_key = '{first['tags']['run_key']}' and tags.host = '{first['host']}'"
    for run in store.client.search_runs([sent.experiment], f"{tags} and attributes.status = 'RUNNING'"):
        store.client.set_terminated(run.info.run_id, "KILLED")


def _remove_others(store: Store, sent: Sent) -> None:
    for run in _runs(store, sent):
        if run != sent.run:
            store.client.delete_run(run)


def _send(store: Store, run: str, lines: Sequence[Entry]) -> None:
    metrics = [
        Metric(key, value, line.time, line.content["step"])
        for line in lines
        if line.kind == "metrics"
        for key, value in line.content["metrics"].items()
    ]
    for batch in batches(metrics, METRICS):
        store.client.log_batch(run, metrics=batch)
    tags = {key: value for line in lines for key, value in _tags(line).items()}
    for some in batches([RunTag(key, value) for key, value in tags.items()], TAGS):
        store.client.log_batch(run, tags=some)


def _tags(line: Entry) -> dict[str, str]:
    tags: dict[str, str] = line.content.get("tags", {})
    if line.kind == "resumed":
        return {**tags, "failure": ""}
    if line.kind == "end" and line.content["reason"]:
        return {**tags, "failure": line.content["reason"]}
    return tags


def _send_files(folder: RunFolder, store: Store, run: str) -> None:
    """Send the files one by one; each is removed here once the store has it."""
    for file in waiting_files(folder):
        below = file.parent.relative_to(folder.artifacts)
        try:
            store.client.log_artifact(run, str(file), below.as_posix() if below.parts else None)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            reason = f"{error.strerror}; {file.stat().st_size} bytes were to be copied; make room and start again"
            raise OSError(error.errno, reason, str(file)) from error
        file.unlink()
