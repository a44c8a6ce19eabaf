"""Where a run's journal, checkpoints and unsent files lie, and who may write there."""

import hashlib
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from patchify.journal.journal import read

RUNS = "runs"
JOURNAL_ONLY = "PATCHIFY_JOURNAL_ONLY"
"""Environment variable of jobs whose journals another process sends to the store: the one that sent the jobs."""
LOCAL = "local"
"""In place of a store's address: the one in the same tracking folder, wherever that is moved."""


@dataclass(slots=True, kw_only=True, frozen=True)
class RunFolder:
    """What one run, or one sweep, leaves on this machine.

    path: `<tracking folder>/runs/<store>/<key>`
    """

    path: Path

    @property
    def key(self) -> str:
        """The run's key."""
        return self.path.name

    @property
    def local(self) -> bool:
        """Whether its store is the one in the same tracking folder."""
        return self.path.parent.name == LOCAL

    @property
    def journal(self) -> Path:
        """The file of its journal."""
        return self.path / "journal.jsonl"

    @property
    def sent(self) -> Path:
        """The file that says how much of the journal the store has."""
        return self.path / "sent.json"

    @property
    def artifacts(self) -> Path:
        """The folder of its files until the store has them."""
        return self.path / "artifacts"

    def sibling(self, key: str) -> "RunFolder":
        """The folder of another run or sweep in the same store."""
        return RunFolder(path=self.path.with_name(key))

    @contextmanager
    def held(self, waiting: Callable[[], None] | None = None, *, patience: float = 0.0) -> Iterator[bool]:
        """Be the only process that runs this run; it is let go of when the process ends, however that happens.

        waiting: called once if another process has it, before waiting for that one to end. Without it, one waits for
            `patience` seconds at most: whether it is held then is what the `with` gives
        """
        with _locked(self.path / "lock", math.inf if waiting else patience, waiting) as held:
            yield held

    @contextmanager
    def sending(self, *, patience: float = math.inf) -> Iterator[bool]:
        """Be the only one that sends this run to its store; whether that is so in time is what the `with` gives.

        patience: seconds to wait for another process that sends it
        """
        with _locked(self.path / "sending.lock", patience) as held:
            yield held

    def make_way(self) -> None:
        """Move an earlier run with this key aside, to a folder of its own: the store may not have all of it."""
        with self.sending():
            entries = read(self.journal)
            if entries:
                aside = self.sibling(f"{self.key}-{entries[0].content['id']}")
                aside.path.mkdir(exist_ok=True)
                for path in (self.artifacts, self.sent, self.journal):  # the journal last: by it folders are found
                    if path.exists():
                        path.rename(aside.path / path.name)


def run_folder(tracking: Path, store: str, key: str) -> RunFolder:
    """The folder of a run; it need not be there yet.

    tracking: the tracking folder; store: the address of the store without passwords, or LOCAL
    """
    return RunFolder(path=tracking.resolve() / RUNS / _slug(store) / key)


def run_folders(tracking: Path) -> Iterator[RunFolder]:
    """All folders of runs and sweeps with a journal below a tracking folder."""
    for journal in sorted(tracking.resolve().glob(f"{RUNS}/*/*/journal.jsonl")):
        yield RunFolder(path=journal.parent)


def _slug(store: str) -> str:
    """A store's address as the name of a folder: readable, and different for different addresses.

    >>> _slug("http://127.0.0.1:5000")
    '127.0.0.1-5000-f9413619'
    """
    if store == LOCAL:
        return store
    readable = re.sub(r"[^\w.]+", "-", store.partition("://")[2]).strip("-.")
    return f"{readable[:40]}-{hashlib.sha256(store.encode()).hexdigest()[:8]}"


@contextmanager
def _locked(path: Path, patience: float, waiting: Callable[[], None] | None = None) -> Iterator[bool]:
    from filelock import FileLock, Timeout  # noqa: PLC0415 - asyncio comes along, a tenth of a second for every command

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0 if waiting else patience)
    except Timeout:
        if waiting is None:
            yield False
            return
        waiting()
        lock.acquire(timeout=patience)
    try:
        yield True
    finally:
        lock.release()
