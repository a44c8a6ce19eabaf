"""The file of an SQLite store: whole, or not there at all."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock

DATABASE = "mlflow.db"
SQLITE = "sqlite:///"
SIDE_FILES = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database that is in use."""


def artifacts_of(database: Path) -> Path:
    """The folder of a local store's files."""
    return database.parent / "artifacts"


def lock(database: Path) -> FileLock:
    """To be held by the one process that makes or mends the store; the system lets go of it when that is killed."""
    return FileLock(database.with_name(f"{database.name}.lock"))


@contextmanager
def replacing(database: Path) -> Iterator[Path]:
    """Give a name to write a database to; at the end it takes the other's place, in one step and safely on the disk.

    The caller holds the lock. Killed or failed before the end, `database` is as it was, and the next call removes what
    was left over.
    """
    partial = database.with_name(f".{database.name}.partial")
    _remove(partial)
    yield partial
    with closing(sqlite3.connect(partial)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # measured: halves the cost of a write
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    for side in SIDE_FILES:  # of a database that somebody removed: SQLite would add them to this one
        database.with_name(f"{database.name}{side}").unlink(missing_ok=True)
    partial.replace(database)
    folder = os.open(database.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _remove(database: Path) -> None:
    for suffix in ("", *SIDE_FILES):
        database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)
