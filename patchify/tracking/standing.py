"""How far runs are, by their keys: in the store, or on their way there."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from patchify.journal.folder import LOCAL, RunFolder, run_folder
from patchify.journal.journal import DamagedJournal, Entry, ending, finished
from patchify.journal.sent import entries_of, pending
from patchify.store.address import public, remember
from patchify.store.opening import address_of
from patchify.stored.run import RESULTS, FinishedRun


@dataclass(slots=True, kw_only=True, frozen=True)
class Standing:
    """How far a run is: "new", "running", "interrupted", "failed", "done", or "damaged" for its journal.

    accuracy: of a run that is done; study, stored: its study and id in the store, if it is there
    journal: the id of its journal, if that is of a finished run; waits: whether the store does not have all of it
    """

    state: str
    accuracy: float | None = None
    study: str | None = None
    stored: str | None = None
    journal: str | None = None
    waits: bool = False


def store_name(uri: str | None, folder: str) -> str:
    """What journals call a store: its address without passwords, or LOCAL."""
    address = address_of(uri, folder)
    remember(address)
    return LOCAL if address == address_of(None, folder) else public(address)


def folder_for(uri: str | None, folder: str, key: str) -> RunFolder:
    """The local folder of a run that is recorded there."""
    return run_folder(Path(folder), store_name(uri, folder), key)


def sync_command(folder: str) -> str:
    """What to type to have sent what waits below a tracking folder."""
    return "patchify-sync" if folder == "mlruns" else f"patchify-sync --folder {shlex.quote(folder)}"


def accuracy_of(entries: Sequence[Entry]) -> float:
    """The result in the journal of a run that is finished."""
    last = [entry.content["metrics"] for entry in entries if entry.kind == "metrics"][-1]
    return float(next(last[name] for name in RESULTS if name in last))


def waits(folder: RunFolder) -> bool:
    """Whether there is something of a run to be sent to its store; nothing of a journal that can't be read."""
    try:
        return pending(folder) is not None
    except DamagedJournal:
        return False


def standings(folders: Sequence[RunFolder], ask: Callable[[], Mapping[str, FinishedRun] | None]) -> list[Standing]:
    """How far runs are. What the store knows to be done counts; where it is out of reach, the journals decide.

    What is finished here but not in the store counts while it waits to be sent: later, somebody has deleted it there.

    ask: gives the finished runs of the store by key, or None where it is out of reach. It is called after the journals
        were read, or a run that another process finishes just now would look like one that was deleted
    """
    here = [_here(folder) for folder in folders]
    known = ask()
    return [_judged(standing, folder, known) for standing, folder in zip(here, folders, strict=True)]


def _here(folder: RunFolder) -> Standing:
    """How far a run is by its journal."""
    try:
        entries = entries_of(folder)
    except DamagedJournal:
        return Standing(state="damaged")
    if not entries:
        return Standing(state="new")
    if finished(entries):
        journal = entries[0].content["id"]
        return Standing(state="done", accuracy=accuracy_of(entries), journal=journal, waits=waits(folder))
    with folder.held() as held:
        if not held:
            return Standing(state="running")
    end = ending(entries)
    return Standing(state="failed" if end and end.content["status"] == "FAILED" else "interrupted")


def _judged(here: Standing, folder: RunFolder, known: Mapping[str, FinishedRun] | None) -> Standing:
    if known and folder.key in known:
        run = known[folder.key]
        return replace(here, state="done", accuracy=run.accuracy, study=run.study, stored=run.id)
    if here.state == "done" and known is not None and not here.waits:
        return replace(here, state="new")
    return here
