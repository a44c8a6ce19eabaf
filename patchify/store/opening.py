"""Finding or making the store that runs are recorded in."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from patchify.store import StoreError
from patchify.store.faults import NO_ROOM, explained
from patchify.store.file import DATABASE, SQLITE, artifacts_of
from patchify.store.place import check_place

if TYPE_CHECKING:
    from mlflow import MlflowClient

ODD = set("?#%")
"""What an SQLite address can't hold in its path."""
CHECK = "check tracking.uri and MLFLOW_TRACKING_URI"
"""The remedy where nothing answers at an address."""


@dataclass(kw_only=True)
class Store:
    """A MLflow store.

    address: as MLflow takes it; database: the file of a local one, None for a server
    """

    address: str
    database: Path | None

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's way to it, opened when it is first asked for: that takes a second, and reading can do without.

        Raises StoreError, also for a local store of another MLflow; Unreachable.
        """
        from mlflow import MlflowClient  # noqa: PLC0415

        from patchify.store.mending import check  # noqa: PLC0415

        with explained(self.address, CHECK):
            if self.database:
                check(self.database)
            client = MlflowClient(tracking_uri=self.address)
            client.search_experiments(max_results=1)  # the first call connects
        return client

    @property
    def artifacts(self) -> Path | None:
        """The folder of a local store's files; a server keeps them itself."""
        return artifacts_of(self.database) if self.database else None

    def experiment(self, study: str) -> str:
        """Id of the study's MLflow experiment, made if there is none."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        found = self.client.get_experiment_by_name(study)
        if found is None:
            location = (self.artifacts / study).as_uri() if self.artifacts else None
            try:
                return str(self.client.create_experiment(study, artifact_location=location))
            except MlflowException:
                found = self.client.get_experiment_by_name(study)
                if found is None:  # else another process was first
                    raise
        if found.lifecycle_stage != "active":
            remedy = "restore it there, or choose another study=NAME"
            raise StoreError(f"the experiment {study!r} was deleted in {self.address}: {remedy}")
        return str(found.experiment_id)

    def has_deleted(self, run: str) -> bool:
        """Whether the run with this id, which was there once, can't be written to: it may be restored, or not."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        try:
            return bool(self.client.get_run(run).info.lifecycle_stage != "active")
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return True


def address_of(uri: str | None, folder: str) -> str:
    """The address of the store: `uri` if given (a folder with a database is one, too), else SQLite below `folder`."""
    if not uri:
        return f"{SQLITE}{Path(folder).resolve() / DATABASE}"
    if "://" not in uri and (Path(uri) / DATABASE).is_file():
        return f"{SQLITE}{(Path(uri) / DATABASE).resolve()}"
    if uri.startswith(SQLITE):
        return f"{SQLITE}{Path(uri.removeprefix(SQLITE)).resolve()}"
    return uri


def open_store(address: str) -> Store:
    """The store at this address; an SQLite one is made, once, if there is none. Raises StoreError."""
    database = _database(address)
    if database and not database.exists():
        from patchify.store.making import make  # noqa: PLC0415 - MLflow takes a second to import

        try:
            with explained(address, "choose another tracking.folder"):
                make(database)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise
            raise StoreError(f"no store can be made at {database}: {error}; choose another tracking.folder") from error
    return _connected(Store(address=address, database=database))


def existing_store(address: str) -> Store:
    """The store at this address: nothing is made. Raises StoreError where there is none."""
    return _connected(store_to_read(address))


def store_to_read(address: str) -> Store:
    """The same, not connected to yet where it is a local one, which can be read without. Raises StoreError."""
    database = _database(address)
    if database is None:
        return _connected(Store(address=address, database=None))
    with explained(address, CHECK):
        check_place(_found(database))
    return Store(address=address, database=database)


def local_database(address: str) -> Path:
    """The file of the SQLite store at this address, be it usable or not. Raises StoreError where there is none."""
    database = _database(address)
    if database is None:
        raise StoreError(f"{address} is no local store: mend it where it is kept")
    return _found(database)


def disconnect() -> None:
    """Close this process's connections to all SQL stores; whatever uses a store next connects again, in milliseconds.

    To be called before a fork: SQLite's locks belong to a process, and a child that lets go of a connection it was
    born with may end its parent's. (MLflow keeps HTTP sessions apart by process itself.)
    """
    if used := sys.modules.get("mlflow.store.tracking.sqlalchemy_store"):
        for engine in used.SqlAlchemyStore._engine_map.values():  # MLflow has no public way to close a store
            engine.dispose()


def _database(address: str) -> Path | None:
    """The file of a local store. Raises StoreError for an address that is none."""
    if "://" not in address or address.startswith("file:"):
        raise StoreError(
            f"{address} is no store: MLflow keeps none in a plain folder; give a folder that holds {DATABASE}, "
            "sqlite:///FILE, or a server's http:// address"
        )
    if not address.startswith(SQLITE):
        return None
    if ODD & set(address):
        raise StoreError(f"{address} can't be opened: SQLite addresses give ? # % a meaning; choose another folder")
    return Path(address.removeprefix(SQLITE))


def _found(database: Path) -> Path:
    if not database.is_file():
        raise StoreError(f"no store at {database}: train first (patchify), or name another with --uri")
    return database


def _connected(store: Store) -> Store:
    _ = store.client
    return store
