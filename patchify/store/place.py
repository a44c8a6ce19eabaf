"""Where a local store looks for its artifacts, and whether they are there. Asked of the file itself, without MLflow."""

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from patchify.store import StoreError
from patchify.store.file import DATABASE, SQLITE, artifacts_of


def check_place(database: Path) -> None:
    """Raise StoreError, with the command that mends it, for a store that was moved, or a file that is none.

    Raises sqlite3.Error for a damaged one.
    """
    with closing(sqlite3.connect(database)) as connection:
        revision_of(connection, database)
        moved = elsewhere(connection, artifacts_of(database))
    if moved:
        count = sum(moved.values())
        before = ", ".join(str(folder_of(root)) for root in moved)
        raise StoreError(
            f"the store {database} was moved: it looks for its artifacts in {before}, so those of "
            f"{count} run{'' if count == 1 else 's'} can't be read; {mended_by('relocate', database)} points them to "
            f"{artifacts_of(database)}"
        )


def revision_of(connection: sqlite3.Connection, database: Path) -> str:
    """The schema that the store has, by Alembic's name. Raises StoreError for a database that is no store."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        for (revision,) in connection.execute("SELECT version_num FROM alembic_version"):
            return str(revision)
    raise StoreError(f"{database} is no store of MLflow: move it away, or choose another tracking.folder")


def elsewhere(connection: sqlite3.Connection, here: Path) -> dict[str, int]:
    """The addresses of other folders that experiments made by patchify lie in, each with its number of runs."""
    rows = connection.execute(
        "SELECT artifact_location, count(run_uuid) FROM experiments LEFT JOIN runs USING (experiment_id) "
        "WHERE artifact_location GLOB 'file:///*/artifacts/*' GROUP BY experiment_id "
        "HAVING experiments.name <> 'Default' OR count(run_uuid) > 0"  # MLflow makes that one in every store
    )
    counts: dict[str, int] = {}
    for location, runs in rows:
        root = location.rpartition("/")[0]
        folder = folder_of(root)
        if folder.name == "artifacts" and folder != here and not _still_there(folder, here):
            counts[root] = counts.get(root, 0) + runs
    return counts


def folder_of(address: str) -> Path:
    """The folder at an address of a local file."""
    return Path(unquote(address.removeprefix("file://")))


def mended_by(word: str, database: Path) -> str:
    """What to type to mend this store."""
    where = ["--folder", str(database.parent)] if database.name == DATABASE else ["--uri", f"{SQLITE}{database}"]
    return f"`{shlex.join(['patchify-store', word, *where])}`"


def _still_there(folder: Path, here: Path) -> bool:
    """Whether `folder` holds the store's artifacts: it is `here` by another name, or they were never kept beside it."""
    return folder.exists() and (not here.exists() or folder.samefile(here))
