"""A local store that was moved, or that is of another MLflow, told apart from one that can be used, and mended."""

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

import mlflow
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from mlflow.store.db.utils import _get_alembic_config, _upgrade_db
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from patchify.store import StoreError
from patchify.store.file import SQLITE, artifacts_of, lock, replacing
from patchify.store.place import check_place, elsewhere, folder_of, mended_by, revision_of

LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Tables and columns in which MLflow keeps absolute addresses of artifacts."""


def check(database: Path) -> None:
    """Raise StoreError, with the command that mends it, unless the store can be used as it is.

    MLflow itself is no judge of that: where an older store lacks tables, it migrates it unasked.
    """
    with closing(sqlite3.connect(database)) as connection:
        _check_revision(connection, database)
    check_place(database)


def relocate(database: Path) -> tuple[int, int]:
    """Make a moved store look for its artifacts beside itself; how many runs' it did, and how many are not there.

    Raises StoreError and sqlite3.Error.
    """
    new = f"{artifacts_of(database).as_uri()}/"
    with lock(database), closing(sqlite3.connect(database)) as connection:
        _check_revision(connection, database)
        moved = elsewhere(connection, artifacts_of(database))
        with connection:  # all or nothing
            for old in (f"{root}/" for root in moved):
                for table, column in LOCATIONS:
                    connection.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608 - names of ours
                        (new, len(old) + 1, len(old), old),
                    )
        mine = (  # the parents of sweeps have none
            "SELECT artifact_uri FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = 'run_key' "
            "WHERE substr(artifact_uri, 1, ?) = ?"
        )
        gone = sum(not folder_of(uri).exists() for (uri,) in connection.execute(mine, (len(new), new)))
    return sum(moved.values()), gone


def upgrade(database: Path) -> Path | None:
    """Bring a store of an older MLflow up to date; where its backup lies, None if it was up to date. Raises StoreError.

    A copy is migrated and takes the store's place at the end: until then the store is as it was. Raises sqlite3.Error
    and OSError where the disk does.
    """
    with lock(database), closing(sqlite3.connect(database, isolation_level=None)) as old:
        revision = revision_of(old, database)
        if revision == _revisions()[0]:
            return None
        if revision not in _revisions():
            _check_revision(old, database)
        backup = database.with_name(f"{database.name}.backup-{revision}")
        if backup.exists():
            raise StoreError(f"{backup} is there already, and no backup is overwritten: move it away, then try again")
        try:
            old.execute("PRAGMA journal_mode=DELETE")  # fails while others use the store, and leaves no side files
            old.execute("PRAGMA locking_mode=EXCLUSIVE")  # from the next transaction on, and after it
            old.execute("BEGIN EXCLUSIVE")
            old.execute("COMMIT")  # measured: a connection within a transaction waits for itself to be copied
        except sqlite3.OperationalError as error:
            raise StoreError(f"the store {database} is in use ({error}): end what uses it, then try again") from error
        with replacing(database) as copy:
            _copy(old, copy)
            engine = create_engine(f"{SQLITE}{copy}")
            try:
                _upgrade_db(engine)
            except (SQLAlchemyError, CommandError) as error:
                raise StoreError(f"{database} can't be brought up to date and is as it was: {error}") from error
            finally:
                engine.dispose()
            with replacing(backup) as kept:
                _copy(old, kept)
    return backup


def _check_revision(connection: sqlite3.Connection, database: Path) -> None:
    revision = revision_of(connection, database)
    if revision == _revisions()[0]:
        return
    if revision in _revisions():
        raise StoreError(
            f"the store {database} is of an older MLflow than the {mlflow.__version__} here: "
            f"{mended_by('upgrade', database)} brings it up to date, after a backup"
        )
    raise StoreError(
        f"the store {database} is of a newer MLflow than the {mlflow.__version__} here: its schema {revision} is "
        "unknown; install that MLflow (pip install --upgrade mlflow), or choose another tracking.folder"
    )


@cache
def _revisions() -> list[str]:
    """The schemas that this MLflow knows, newest first."""
    migrations = ScriptDirectory.from_config(_get_alembic_config(""))  # MLflow's public ways upgrade, none only asks
    return [script.revision for script in migrations.walk_revisions()]


def _copy(source: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
