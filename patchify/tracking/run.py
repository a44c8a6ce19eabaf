"""A run, or a sweep of runs, from its start to its end: journaled first, then sent to the store."""

import platform
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from patchify.interrupts import Pruned, Terminated, undisturbed
from patchify.journal.folder import RunFolder
from patchify.journal.journal import Journal, ending, recorded
from patchify.journal.sent import entries_of
from patchify.store import Unreachable
from patchify.stored.run import also
from patchify.tracking.delivery import deliver
from patchify.tracking.facts import facts
from patchify.tracking.sender import Sender

PATIENCE = 3.0
"""Seconds that a run waits, at its end, for a server that is slow or gone; and that one waits for others' locks."""
BUSY = 20.0
"""Seconds that it waits for a store on this disk: that one is never gone, but others may be writing to it."""


class TrackedRun:
    """A run that is open as long as its `with` block: left normally it is FINISHED.

    Left by Ctrl-C, SIGTERM or Pruned it is KILLED, by any other exception FAILED; the tag `failure` says why. Opened
    once more it goes on as the same run of the store, whatever ended it. What is recorded is in the journal at once; a
    thread sends it to the store, and a store that can't be reached disturbs nothing.

    tracking: the tracking folder
    header: what the run is, noted where it has not been begun before: study, name, description, params, tags, parent
        (the key of its sweep, or None), store (its address or LOCAL), and, where there will be any, results (what a
        table of its study shows: of which set of images, and by which settings)
    unsent: after the end, why the store does not have everything, or None
    tags: more of them, sent with the end
    Raises DamagedJournal, or OSError where the journal can't be written.
    """

    def __init__(self, folder: RunFolder, tracking: Path, header: Mapping[str, Any]) -> None:
        self.folder, self.tracking = folder, tracking
        self.unsent: str | None = None
        self.tags: dict[str, str] = {}
        entries_of(folder)  # raises for a journal that was cut, before it is written to
        self.journal = Journal(folder.journal)
        self.recorded = recorded(self.journal.entries)
        if self.journal.entries:
            self.journal.write("resumed", host=platform.node(), **_place(self.journal.entries[0].content, header))
        else:
            self.journal.write("run", id=uuid.uuid4().hex, key=folder.key, host=platform.node(), **header)
        self.sender = Sender(folder, tracking)

    def announce(self) -> None:
        """Have the run in the store now, from this thread, if the store can be reached."""
        with suppress(Unreachable):  # the end tries once more, and says so
            deliver(self.folder, self.tracking, PATIENCE)

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Record numbers at an update, unless they have been, before the run was interrupted.

        Raises OSError where the journal's disk, or that of a local store, is full, and Refused where we may not write
        to the store.
        """
        if self.sender.failure:
            raise self.sender.failure
        if step not in self.recorded:
            self.journal.write("metrics", step=step, metrics=dict(metrics))
            self.recorded.add(step)
            self.sender.wake()

    def sync(self) -> None:
        """Have the disk hold all that was recorded."""
        self.journal.sync()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():  # or the run would stay RUNNING until somebody looks after it
            status, reason = _ending(error)
            try:
                self.journal.write("end", status=status, reason=reason, tags=self.tags)
                self.journal.sync()
            except OSError as full:
                if error is None:
                    raise
                error.add_note(f"How the run ended could not be noted: {full}")
            finally:
                self.journal.close()
                self.unsent = self.sender.close(BUSY if self.folder.local else PATIENCE)


def _place(first: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, Any]:
    """Where a run belongs that goes on: to the sweep it is in now; in another study it counts, but stays in its own."""
    if header["study"] == first["study"]:
        return {"parent": header["parent"], "tags": facts()}
    return {"parent": None, "tags": {**facts(), also(header["study"]): "true"}}


def _ending(error: BaseException | None) -> tuple[str, str | None]:
    match error:
        case None:
            return "FINISHED", None
        case Terminated():
            return "KILLED", "ended by SIGTERM"
        case KeyboardInterrupt():
            return "KILLED", "interrupted"
        case Pruned():
            return "KILLED", str(error)
        case _:
            return "FAILED", f"{type(error).__name__}: {error}"


def end_for(folder: RunFolder, tracking: Path, reason: str) -> None:
    """Mark a run FAILED, for a process that can't do so any more; nothing where it has ended or is run by another.

    Raises DamagedJournal, OSError, StoreError.
    """
    with folder.held(patience=PATIENCE) as held:  # whoever only looks at it lets go soon
        if held and folder.journal.exists():
            with Journal(folder.journal) as journal:
                if not ending(journal.entries):
                    journal.write("end", status="FAILED", reason=reason, tags={})
            deliver(folder, tracking, PATIENCE)
