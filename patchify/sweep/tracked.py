"""A sweep in the store: which of its runs are done already, and their parent run."""

import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchify.config.catalog import asked_by, has_file
from patchify.config.identity import differing_settings, shared_words
from patchify.config.schema import Run
from patchify.core.training.checkpoints import remove_checkpoints
from patchify.display import complain, say
from patchify.display.events import Done
from patchify.journal.folder import RunFolder
from patchify.journal.journal import DamagedJournal, finished, read, recorded
from patchify.journal.sent import pending
from patchify.store import RunDeleted, Unreachable
from patchify.store.address import public
from patchify.store.file import SQLITE
from patchify.store.opening import Store, address_of, open_store
from patchify.store.version import other_version
from patchify.stored.done import finished_runs
from patchify.stored.run import FinishedRun
from patchify.sweep.place import VARIABLE, Place
from patchify.tracking.dead import end_the_dead
from patchify.tracking.delivery import deliver
from patchify.tracking.facts import facts
from patchify.tracking.run import PATIENCE, TrackedRun
from patchify.tracking.standing import folder_for, standings, store_name, sync_command
from patchify.tracking.studies import also_in, note_study


@dataclass(slots=True, kw_only=True)
class Sweep:
    """Jobs that run together.

    folders: of all runs, in their order; missing: positions of those to run
    done: test accuracies, by position, of those that are done already
    """

    folders: list[RunFolder]
    missing: list[int]
    done: dict[int, float]

    def step(self, number: int) -> int | None:
        """The update of a run's last record; None where it has none that can be read."""
        try:
            return max(recorded(read(self.folders[number].journal)), default=None)
        except DamagedJournal:
            return None


@contextmanager
def sweep(runs: Sequence[Run], keys: Sequence[str], titles: Sequence[str]) -> Iterator[Sweep]:
    """Find out which runs are done, and keep a parent run open while the others run, here or in other processes.

    keys, titles: of the runs. A sweep that is started again goes on under the same parent.
    Raises StoreError before any run is started.
    """
    first = runs[0]
    if len(runs) == 1:
        yield _find_out(first, keys, titles)
        return
    key = hashlib.sha256(json.dumps(["sweep", first.study, sorted(keys)]).encode()).hexdigest()
    folder = folder_for(first.tracking.uri, first.tracking.folder, key)
    with folder.held(waiting=lambda: say("another process runs this very sweep: waiting for its end")):
        state = _find_out(first, keys, titles)
        begun = read(folder.journal)
        if not state.missing and (finished(begun) or not begun):
            yield state
            return
        if finished(begun):  # yet something is missing now: a new sweep of the same runs
            folder.make_way()
        with TrackedRun(folder, Path(first.tracking.folder), _header(runs)) as parent:
            parent.announce()
            Place(parent=key, jobs=len(state.missing), shared=sorted(shared_words(titles))).announce()
            try:
                yield state
            finally:
                del os.environ[VARIABLE]
    if parent.unsent:
        command = sync_command(first.tracking.folder)
        complain(f"the store does not have all of this sweep yet: {parent.unsent}; `{command}` sends the rest")


def _header(runs: Sequence[Run]) -> dict[str, Any]:
    first = runs[0]
    differing = differing_settings(runs)
    return {
        "store": store_name(first.tracking.uri, first.tracking.folder),
        "study": first.study,
        "name": f"{first.study} · {len(runs)} runs",
        "description": f"{first.question}\n\n{len(runs)} runs that differ in {', '.join(differing)}.",
        "results": {"images": "test" if first.evaluation.test else "validation", "settings": differing},
        "parent": None,
        "params": {},
        "tags": {**facts(), "jobs": str(len(runs))},
    }


def _find_out(first: Run, keys: Sequence[str], titles: Sequence[str]) -> Sweep:
    """Which runs are done, each said in a line. Runs that a process left open which is gone now are ended."""
    uri, local = first.tracking.uri, first.tracking.folder
    address = address_of(uri, local)
    store = reached(address, local)
    if store and not has_file(first.study):
        with suppress(Unreachable):  # its new runs have it, too
            note_study(store, first.study, asked_by(first))
    folders = [folder_for(uri, local, key) for key in keys]
    for name, folder in end_the_dead(Path(local)):
        say(f"{name}: its process is gone; marked KILLED")
        if store and folder not in folders and folder.path.parent == folders[0].path.parent:
            _tidy_up(folder, Path(local))
    done: dict[int, float] = {}
    for number, standing in enumerate(standings(folders, lambda: _known(store, keys, local))):
        if standing.state == "done" and not first.rerun:
            done[number] = math.nan if standing.accuracy is None else standing.accuracy
            say(str(Done(name=titles[number], accuracy=standing.accuracy)))
            if store and standing.stored and standing.study != first.study:
                with suppress(Unreachable):  # the next start of this sweep tries again
                    also_in(store, standing.stored, first.study)
            if store:
                _tidy_up(folders[number], Path(local))
        elif standing.journal:
            _make_way(folders[number], standing.journal)
    ahead = f", {len(done)} of them done already" if done else ""
    say(f"study {first.study}: {len(keys)} run{'s' * (len(keys) > 1)}{ahead}, tracked in {public(address)}")
    return Sweep(folders=folders, missing=[n for n in range(len(keys)) if n not in done], done=done)


def reached(address: str, local: str) -> Store | None:
    """The store, or None, and a line that says so, where it is out of reach. Raises StoreError."""
    try:
        store = open_store(address)
        note = other_version(store)
    except Unreachable as error:
        complain(f"{error}; all is kept below {local}, until `{sync_command(local)}` sends it")
        return None
    if note:
        complain(note)
    return store


def _known(store: Store | None, keys: Sequence[str], local: str) -> dict[str, FinishedRun] | None:
    """What the store knows to be done; None while it is out of reach."""
    try:
        return finished_runs(store, keys) if store else None
    except Unreachable as error:
        complain(f"{error}; the journals below {local} decide what is done")
        return None


def states_of(first: Run, keys: Sequence[str]) -> list[str]:
    """How far each run is, for a plan: "new", "done", ...; makes nothing. Raises StoreError."""
    uri, local = first.tracking.uri, first.tracking.folder
    address = address_of(uri, local)
    missing = address.startswith(SQLITE) and not Path(address.removeprefix(SQLITE)).exists()
    folders = [folder_for(uri, local, key) for key in keys]
    found = standings(folders, lambda: {} if missing else _known(reached(address, local), keys, local))
    return ["to do again" if first.rerun and standing.state == "done" else standing.state for standing in found]


def _tidy_up(folder: RunFolder, local: Path) -> None:
    """Do for a run that has ended what its process was killed before it could, or the store out of reach for."""
    with folder.held() as held, suppress(Unreachable, DamagedJournal):  # patchify-sync says so
        try:
            if held and pending(folder):
                deliver(folder, local, PATIENCE)
        except RunDeleted as error:
            complain(str(error))
        if held and finished(read(folder.journal)):
            remove_checkpoints(folder.path)


def _make_way(folder: RunFolder, journal: str) -> None:
    """Have the finished run with this journal count no more, unless another process has begun a new one meanwhile."""
    with folder.held() as held:
        entries = read(folder.journal) if held else []
        if finished(entries) and entries[0].content["id"] == journal:
            folder.make_way()
            remove_checkpoints(folder.path)  # which a process left that was killed before it could
