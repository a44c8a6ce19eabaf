"""An empty local store."""

from pathlib import Path

from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from patchify.store.file import SQLITE, artifacts_of, lock, replacing


def make(database: Path) -> None:
    """Make an empty store unless another process did so first. Raises OSError, sqlite3.Error and MLflow's errors."""
    database.parent.mkdir(parents=True, exist_ok=True)
    # measured: several processes making one database at once leave it half-made every time
    with lock(database):
        if database.exists():
            return
        with replacing(database) as partial:
            address = f"{SQLITE}{partial}"
            SqlAlchemyStore(address, artifacts_of(database).as_uri())
            SqlAlchemyStore._engine_map.pop(address).dispose()  # MLflow has no public way to close a store
