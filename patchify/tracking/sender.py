"""A thread that sends a run's journal to its store while the run goes on."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from patchify.journal.folder import JOURNAL_ONLY, RunFolder
from patchify.journal.journal import DamagedJournal
from patchify.journal.sent import begun, pending
from patchify.store import Refused, StoreError, Unreachable
from patchify.store.faults import NO_ROOM
from patchify.tracking.delivery import deliver, insist

SEND_EVERY = 5.0
"""Seconds between two deliveries: measured, sending one record costs as much as eight updates."""
PAUSES = (0.5, 30.0)
"""Seconds before the second attempt to reach a store, doubled before each further one, and at most."""


class Sender:
    """Sends in the background what was written to a run's journal, from its first `wake` to its `close`.

    Does nothing for jobs whose journals another process sends (JOURNAL_ONLY).
    Nothing that happens to the store is raised here. Not for a process that forks: a thread does not survive it.
    failure: why whoever trains should stop: the disk is full, with the file, or the store does not let us begin the run
    """

    def __init__(self, folder: RunFolder, tracking: Path) -> None:
        self.folder = folder
        self.tracking = tracking
        self.failure: OSError | Refused | None = None
        self._by_another = folder.local and JOURNAL_ONLY in os.environ
        self._trouble: str | None = None
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"sender of {folder.key[:8]}", daemon=True)

    def wake(self) -> None:
        """Say that there is something to send. The first time starts the thread."""
        if self._by_another:
            return
        self._woken.set()
        if not self._thread.ident:
            self._thread.start()

    def close(self, patience: float) -> str | None:
        """Send the rest, for so many seconds at most; why something is left, if it is. Raises DamagedJournal."""
        if self._by_another:
            return None
        self._closing.set()
        self.wake()
        self._thread.join(patience)
        if not pending(self.folder):
            return None
        return self._trouble or f"it could not all be sent in {patience:g} seconds"

    def _work(self) -> None:
        pause = PAUSES[0]
        while True:
            self._woken.wait()
            if self._closing.is_set():
                self._attempt(insist)
                return
            self._woken.clear()
            if not self._attempt(deliver):
                return
            if self._trouble:
                self._woken.set()
                self._closing.wait(pause)
                pause = min(2 * pause, PAUSES[1])
            else:
                pause = PAUSES[0]
                self._closing.wait(SEND_EVERY)

    def _attempt(self, send: Callable[[RunFolder, Path], None]) -> bool:
        """Whether all was sent, or might be by another attempt."""
        try:
            send(self.folder, self.tracking)
        except (StoreError, DamagedJournal, OSError) as error:
            self._trouble = str(error)
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                self.failure = error
            if isinstance(error, Refused) and not begun(self.folder):
                self.failure = error
            return isinstance(error, Unreachable)
        self._trouble = None
        return True
