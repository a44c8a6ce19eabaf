"""The journal of a run: lines of JSON, appended and flushed as things happen, read back whole."""

import errno
import json
import os
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_CRC = ', "crc": "'


class DamagedJournal(Exception):
    """A journal with a line that is not as it was written; the message names file and line."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Entry:
    """One line of a journal.

    kind: "run" (the first line: what the run is), "metrics", "tags", "resumed", or "end"
    time: milliseconds since 1970
    """

    kind: str
    time: int
    content: dict[str, Any]


class Journal:
    """A journal that one process appends to; what is in it already is in `entries`.

    A last line that was cut, as by a power failure, is taken away first. Raises DamagedJournal, OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self.entries, self.length = _parse(path, path.read_bytes())
        os.ftruncate(self.file, self.length)

    def write(self, kind: str, **content: Any) -> None:
        """Append one line, and hand it to the operating system at once.

        Raises OSError with the file and the bytes needed where the disk is full; the journal stays whole.
        """
        entry = Entry(kind=kind, time=int(time.time() * 1000), content=content)
        line = _line(entry)
        try:
            written = os.write(self.file, line)
            if written < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            os.ftruncate(self.file, self.length)
            reason = f"{error.strerror}; a line of {len(line)} bytes was to be written; make room and start again"
            raise OSError(error.errno, reason, str(self.path)) from error
        self.length += len(line)
        self.entries.append(entry)

    def sync(self) -> None:
        """Have the disk hold all lines, also through a power failure."""
        os.fsync(self.file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path) -> list[Entry]:
    """All entries of a journal, also while another process appends to it; none where there is no file.

    Raises DamagedJournal.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return _parse(path, content)[0]


def recorded(entries: Sequence[Entry]) -> set[int]:
    """The updates whose metrics are in a journal."""
    return {entry.content["step"] for entry in entries if entry.kind == "metrics"}


def ending(entries: Sequence[Entry]) -> Entry | None:
    """How a run ended; None where it goes on, or was ended by force."""
    last = next((entry for entry in reversed(entries) if entry.kind in {"run", "resumed", "end"}), None)
    return last if last and last.kind == "end" else None


def finished(entries: Sequence[Entry]) -> bool:
    """Whether a run came to its end."""
    end = ending(entries)
    return end is not None and end.content["status"] == "FINISHED"


def _line(entry: Entry) -> bytes:
    text = json.dumps({"kind": entry.kind, "time": entry.time, **entry.content})
    return f'{text[:-1]}{_CRC}{zlib.crc32(text.encode()):08x}"}}\n'.encode()


def _parse(path: Path, content: bytes) -> tuple[list[Entry], int]:
    """The entries of all whole lines, and these lines' length in bytes."""
    *lines, cut = content.split(b"\n")
    entries = []
    for number, line in enumerate(lines, start=1):
        text, _, crc = line.partition(_CRC.encode())
        text += b"}"
        if crc != f'{zlib.crc32(text):08x}"}}'.encode():
            remedy = "move it away to start its run again"
            raise DamagedJournal(f"the journal {path} is damaged in line {number}: {remedy}")
        fields = json.loads(text)
        entries.append(Entry(kind=fields.pop("kind"), time=fields.pop("time"), content=fields))
    return entries, len(content) - len(cut)
