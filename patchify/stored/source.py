"""The two ways to what a store holds: a database is asked itself, a server by MLflow's client."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from patchify.store.faults import LATER, explained
from patchify.store.opening import Store
from patchify.stored.database import DATABASES, Database
from patchify.stored.run import FinishedRun, Row, StoredRun


class Source(Protocol):
    """What a store can be asked. Each method raises what its kind of store does."""

    def studies(self) -> list[str]:
        """Names of all experiments that were not deleted."""

    def asked(self, study: str) -> str:
        """What a study asks, as it was when it was last started; nothing where the store does not know that."""

    def runs(self, study: str) -> Sequence[StoredRun]:
        """The study's runs that were not deleted, and those of other studies that count for it."""

    def beginning(self, name: str) -> Sequence[StoredRun]:
        """The runs whose id or key, hexadecimal digits, begins so."""

    def finished(self, keys: Collection[str]) -> Iterator[FinishedRun]:
        """Finished runs with a key, the newest of each key first; maybe others besides those with the given keys."""

    def records(self, runs: Sequence[StoredRun], metrics: Sequence[str]) -> list[Row]:
        """Id, update and a value of each of the metrics, None for NaN, for each record of these runs."""

    def folder(self, run: str) -> Path | None:
        """Where the run's files lie, if that is a folder on a disk of this machine."""


@contextmanager
def asking(store: Store) -> Iterator[Source]:
    """Ask a store in the `with`: what goes wrong there is raised as StoreError, Unreachable or OSError."""
    with explained(store.address, LATER):
        try:
            yield _source(store)
        except sqlite3.OperationalError:
            _ = store.client  # a local store that lacks a table is of another MLflow, which this says
            raise


def _source(store: Store) -> Source:
    if store.address.partition(":")[0].partition("+")[0] in DATABASES:
        return Database(store.address)
    from patchify.stored.server import Server  # noqa: PLC0415 - MLflow takes a second to import

    return Server(store.client)
