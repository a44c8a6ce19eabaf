"""How much of a run its store has: noted beside the journal, so that the next attempt goes on from there."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from patchify.journal.folder import RunFolder
from patchify.journal.journal import DamagedJournal, Entry, read


@dataclass(slots=True, kw_only=True)
class Sent:
    """What the store has of a journal.

    journal: the journal's id; run, experiment: ids in the store, empty as long as it has nothing
    lines: how many of the journal's, from its beginning
    """

    journal: str
    run: str = ""
    experiment: str = ""
    lines: int = 0


@dataclass(slots=True, kw_only=True, frozen=True)
class Pending:
    """What the store does not have yet of a run: a number of lines and of files.

    first: the journal's first line; since: the time of the first line that was not sent, in milliseconds since 1970
    """

    first: Entry
    lines: int
    files: int
    since: int


def entries_of(folder: RunFolder) -> list[Entry]:
    """All entries of a run's journal. Raises DamagedJournal, also where fewer are left than were sent."""
    sent = _last_note(folder)  # first: the journal grows meanwhile
    entries = read(folder.journal)
    same = not entries or (sent and sent.journal == entries[0].content["id"])
    if sent and same and folder.journal.exists() and len(entries) < sent.lines:
        reason = f"{sent.lines} lines of it were sent, {len(entries)} are left; move it away to start its run again"
        raise DamagedJournal(f"the journal {folder.journal} is damaged: {reason}")
    return entries


def noted(folder: RunFolder, entries: Sequence[Entry]) -> Sent:
    """What was sent of the journal with these entries, as far as it was noted: all may be sent again."""
    journal = entries[0].content["id"]
    sent = _last_note(folder)
    return sent if sent and sent.journal == journal else Sent(journal=journal)


def begun(folder: RunFolder) -> bool:
    """Whether the store has anything of the run."""
    sent = _last_note(folder)
    return sent is not None and sent.lines > 0


def note(folder: RunFolder, sent: Sent) -> None:
    """Write down what was sent; whoever reads finds the old note or the new one. Raises OSError."""
    part = folder.sent.with_suffix(".part")
    part.write_text(json.dumps(asdict(sent)))
    part.replace(folder.sent)


def waiting_files(folder: RunFolder) -> list[Path]:
    """The files that the store does not have yet."""
    return sorted(path for path in folder.artifacts.rglob("*") if path.is_file())


def pending(folder: RunFolder) -> Pending | None:
    """What is to be sent of a run, if anything is. Raises DamagedJournal."""
    if _all_sent(folder):
        return None
    entries = entries_of(folder)
    if not entries:
        return None
    unsent = entries[noted(folder, entries).lines :]
    files = len(waiting_files(folder))
    if not unsent and not files:
        return None
    since = (unsent or entries[-1:])[0].time
    return Pending(first=entries[0], lines=len(unsent), files=files, since=since)


def _all_sent(folder: RunFolder) -> bool:
    """Whether all was sent. Measured: 0.2 ms, and 19 ms to read a journal of 500 lines whole."""
    sent = _last_note(folder)
    if not sent or waiting_files(folder):
        return False
    content = folder.journal.read_bytes()
    return content.count(b"\n") == sent.lines and sent.journal.encode() in content.partition(b"\n")[0]


def _last_note(folder: RunFolder) -> Sent | None:
    try:
        return Sent(**json.loads(folder.sent.read_text()))
    except (FileNotFoundError, ValueError, TypeError):  # a power failure may leave the file cut or empty
        return None
