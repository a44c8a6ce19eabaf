"""A store that was moved, or that is of another MLflow: refused with the command that mends it, and mended by it."""

import shlex
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import create_engine

from patchify.store import StoreError
from patchify.store.mending import check, relocate, upgrade
from patchify.store.opening import Store, address_of, disconnect, existing_store, open_store
from patchify.stored.runs import study_names

OLD = "bf29a5ff90ea"
"""A schema in the midst of MLflow's migrations: the one that added jobs."""


def in_folder(folder: Path) -> Store:
    return existing_store(address_of(None, str(folder)))


@pytest.fixture
def moved(made_store: Path, tmp_path: Path) -> Path:
    """The folder of a store with two runs, moved there from `mlruns` with all its files."""
    store = in_folder(made_store)
    for _ in range(2):
        run = store.client.create_run(store.experiment("widths")).info.run_id
        store.client.log_text(run, "seed: 1", "config.yaml")
        store.client.set_terminated(run)
    disconnect()
    return made_store.rename(tmp_path / "it's [moved] 100")


def test_a_moved_store_is_refused_with_what_is_lost_and_what_mends_it(moved: Path, made_store: Path) -> None:
    with pytest.raises(StoreError) as refused:
        in_folder(moved)
    assert str(refused.value) == (
        f"the store {moved}/mlflow.db was moved: it looks for its artifacts in {made_store}/artifacts, so those of "
        f"2 runs can't be read; `patchify-store relocate --folder {shlex.quote(str(moved))}` "
        f"points them to {moved}/artifacts"
    )


def test_a_relocated_store_reads_and_writes_its_artifacts_where_it_is(moved: Path) -> None:
    assert relocate(moved / "mlflow.db") == (2, 0)
    store = in_folder(moved)
    runs = store.client.search_runs([store.experiment("widths")])
    assert [Path(store.client.download_artifacts(run.info.run_id, "config.yaml")).read_text() for run in runs] == [
        "seed: 1",
        "seed: 1",
    ]
    store.client.create_run(store.experiment("widths"))  # as the parent of a sweep, which never has any
    new = store.client.create_run(store.experiment("widths"), tags={"run_key": "k"})
    assert new.info.artifact_uri.startswith((moved / "artifacts" / "widths").as_uri())
    assert relocate(moved / "mlflow.db") == (0, 1), "nothing to do; the new run has no artifacts yet"


def test_a_copy_is_refused_too_since_its_new_runs_would_write_into_the_original(moved: Path, made_store: Path) -> None:
    shutil.copytree(moved, made_store)
    in_folder(made_store)
    relocate(moved / "mlflow.db")
    shutil.copytree(moved, moved.parent / "copy")
    with pytest.raises(StoreError, match="was moved"):
        in_folder(moved.parent / "copy")


def test_a_store_reached_by_another_name_of_its_folder_is_not_moved(moved: Path, made_store: Path) -> None:
    made_store.symlink_to(moved)
    check(made_store / "mlflow.db")
    check(moved / "mlflow.db")


def test_artifacts_that_were_never_kept_beside_the_store_are_left_there(moved: Path, made_store: Path) -> None:
    folder = (moved / "artifacts").rename(moved.parent / "artifacts")
    with closing(sqlite3.connect(moved / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE experiments SET artifact_location = ?", [(folder / "widths").as_uri()])
    in_folder(moved)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The database of an older MLflow, with one experiment, made by its own migrations."""
    database = tmp_path / "old" / "mlflow.db"
    database.parent.mkdir()
    engine = create_engine(f"sqlite:///{database}")
    Base.metadata.create_all(engine)
    config = _get_alembic_config("")
    with engine.begin() as config.attributes["connection"]:
        command.upgrade(config, OLD)
    engine.dispose()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO experiments (name, lifecycle_stage) VALUES ('widths', 'active')")
    return database


def revision(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_an_older_store_is_refused_and_left_as_it_was(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(StoreError, match=r"of an older MLflow than .*`patchify-store upgrade --folder .*old`"):
        open_store(f"sqlite:///{old}")
    assert old.read_bytes() == before


def test_an_upgraded_store_has_what_it_had_and_a_backup(old: Path) -> None:
    backup = upgrade(old)
    assert backup == old.with_name(f"mlflow.db.backup-{OLD}")
    assert revision(backup) == OLD
    assert study_names(in_folder(old.parent)) == ["widths"]
    disconnect()
    assert {path.name for path in old.parent.iterdir()} == {"mlflow.db", "mlflow.db.lock", backup.name}
    assert upgrade(old) is None


def test_a_store_in_use_is_not_upgraded(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("SELECT * FROM experiments").fetchall()
        with pytest.raises(StoreError, match=r"is in use .*: end what uses it"):
            upgrade(old)
    assert revision(old) == OLD


def test_no_backup_is_overwritten(old: Path) -> None:
    backup = old.with_name(f"mlflow.db.backup-{OLD}")
    backup.write_text("the only one")
    with pytest.raises(StoreError, match=r"no backup is overwritten: move it away"):
        upgrade(old)
    assert backup.read_text() == "the only one"
    assert revision(old) == OLD


def test_a_store_that_cannot_be_migrated_is_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("DROP TABLE trace_info")  # a migration adds a column to it
    with pytest.raises(StoreError, match=r"can't be brought up to date and is as it was: .*trace_info"):
        upgrade(old)
    assert revision(old) == OLD
    assert not old.with_name(f"mlflow.db.backup-{OLD}").exists()


@pytest.mark.parametrize("use", [open_store, lambda address: upgrade(Path(address.removeprefix("sqlite:///")))])
def test_a_store_of_a_newer_mlflow_is_refused(made_store: Path, use: Callable[[str], object]) -> None:
    with closing(sqlite3.connect(made_store / "mlflow.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'fedcba987654'")
    with pytest.raises(StoreError, match=r"of a newer MLflow than .* its schema fedcba987654 is unknown"):
        use(f"sqlite:///{made_store}/mlflow.db")
