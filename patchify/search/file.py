"""The file that holds the trials of a search, which any number of processes append to."""

import os
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.pruners import NopPruner
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

from patchify.search import SearchError

STUDY = "search"
"""The one study of each file."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_study(folder: Path) -> optuna.Study:
    """The study in a folder, made if there is none. Raises SearchError where its file is damaged."""
    path = folder / "trials.jsonl"
    lock = _Lock(folder / "trials.lock")
    try:
        _mend(path, lock)
        return optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(path), lock)),
            study_name=STUDY,
            direction="maximize",
            load_if_exists=True,
            pruner=NopPruner(),
        )
    except (ValueError, KeyError) as error:
        remedy = "move it away: its trials are then drawn again, and runs that are done are not computed again"
        raise SearchError(f"{path} is damaged: {error}; {remedy}") from error


class _Lock(JournalFileSymlinkLock):
    """Of Optuna's file. Optuna's own kind outlives a process that was killed with it, for half a minute."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.lock = FileLock(path)

    def acquire(self) -> bool:
        self.lock.acquire()
        return True

    def release(self) -> None:
        self.lock.release()


def _mend(path: Path, lock: _Lock) -> None:
    """Take away a last line that was cut, as by a power failure: Optuna would add the next one to it."""
    with lock.lock:
        content = path.read_bytes() if path.exists() else b""
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
