"""Events of a run on another machine, by a file in a folder that both see."""

import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from patchify.core.training.records import Record
from patchify.display.events import Event

SEND_EVERY = 2.0
"""Seconds between two records without scores: a network's folder is slow."""


class Messages:
    """Writes events, one after the other, to a file of its own."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("ab")
        self.sent = 0.0

    def send(self, event: Event) -> None:
        """Have the other side know of an event."""
        if isinstance(event, Record) and not event.evaluations and time.monotonic() - self.sent < SEND_EVERY:
            return
        self.sent = time.monotonic()
        pickle.dump(event, self.file)
        self.file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


class Reader:
    """Reads such a file, which need not be there yet, as it grows. Only for files of one's own: pickles can do harm."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = 0

    def new(self) -> Iterator[Event]:
        """Events since the last time; one that is not all there waits for the next."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.place)
            while True:
                try:
                    event = pickle.load(file)  # noqa: S301 - our own job has written it
                except (EOFError, pickle.UnpicklingError):
                    return
                self.place = file.tell()
                yield event
