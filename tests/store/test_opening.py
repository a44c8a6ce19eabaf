"""The store: made once, found again, and never made by those who only read."""

import multiprocessing
import signal
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from patchify.store import StoreError
from patchify.store.opening import address_of, disconnect, existing_store, open_store
from patchify.stored.runs import study_names


def test_an_address_is_what_was_given_or_a_database_in_the_tracking_folder(tmp_path: Path, made_store: Path) -> None:
    database = f"sqlite:///{made_store}/mlflow.db"
    assert address_of(None, str(made_store)) == database
    assert address_of(str(made_store), "elsewhere") == database, "a folder that holds a database"
    assert address_of("sqlite:///mlruns/mlflow.db", "elsewhere") == database, "relative to the working directory"
    assert address_of("http://127.0.0.1:5000", "elsewhere") == "http://127.0.0.1:5000"


def test_a_study_becomes_an_experiment_once_with_artifacts_beside_the_database(made_store: Path) -> None:
    store = open_store(address_of(None, str(made_store)))
    assert store.experiment("widths") == store.experiment("widths")
    assert study_names(store) == ["widths"]
    experiment = store.client.get_experiment_by_name("widths")
    assert experiment is not None
    assert experiment.artifact_location == (made_store / "artifacts" / "widths").as_uri()


def test_a_deleted_experiment_is_an_error_that_says_what_to_do(made_store: Path) -> None:
    store = open_store(address_of(None, str(made_store)))
    store.client.delete_experiment(store.experiment("widths"))
    with pytest.raises(StoreError, match=r"'widths' was deleted .* restore it there, or choose another study=NAME"):
        store.experiment("widths")


def test_reading_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .* train first"):
        existing_store(address_of(None, str(tmp_path / "mlruns")))
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize("address", ["/some/folder", "file:///some/folder"])
def test_a_plain_folder_is_refused_with_what_to_give_instead(address: str) -> None:
    with pytest.raises(StoreError, match=r"is no store: .* sqlite:///FILE"):
        open_store(address)


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Not a directory: .*file/mlruns'; choose another tracking.folder"):
        open_store(address_of(None, str(tmp_path / "file" / "mlruns")))


def _open(address: str) -> int:
    return len(study_names(open_store(address)))


def _processes(address: str, number: int) -> list[int]:
    """How many experiments each of so many processes finds, that open the store at once."""
    disconnect()
    fork = multiprocessing.get_context("fork")  # spawned ones would import MLflow one by one
    with ProcessPoolExecutor(number, mp_context=fork) as pool:
        return list(pool.map(_open, [address] * number, timeout=60))


def test_sixteen_processes_that_make_one_store_at_once_all_succeed(tmp_path: Path) -> None:
    assert _processes(address_of(None, str(tmp_path / "mlruns")), 16) == [0] * 16
    with closing(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_kill_while_a_store_is_made_leaves_none_and_the_next_making_cleans_up(tmp_path: Path) -> None:
    folder = tmp_path / "mlruns"
    address = address_of(None, str(folder))
    partial = folder / ".mlflow.db.partial"
    maker = multiprocessing.get_context("fork").Process(target=_open, args=[address])
    maker.start()
    while not (partial.exists() and partial.stat().st_size):
        assert maker.is_alive()
    maker.kill()
    maker.join(timeout=10)
    assert maker.exitcode == -signal.SIGKILL
    assert not (folder / "mlflow.db").exists()
    with pytest.raises(StoreError, match="no store at"):
        existing_store(address)

    for left in folder.glob(f"{partial.name}*"):  # as where the machine stopped too, before all was on the disk
        left.write_bytes(b"anything" * 1000)
    assert _open(address) == 0
    disconnect()
    assert {path.name for path in folder.iterdir()} == {"mlflow.db", "mlflow.db.lock"}


def test_side_files_of_a_database_that_was_removed_do_not_reach_the_new_one(tmp_path: Path, made_store: Path) -> None:
    store = open_store(address_of(None, str(made_store)))
    store.experiment("removed")
    log = (made_store / "mlflow.db-wal").read_bytes()
    assert log
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "mlflow.db-wal").write_bytes(log)
    assert study_names(open_store(address_of(None, str(folder)))) == []


def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    with pytest.raises(StoreError, match=r"mlflow.db is no store of MLflow: move it away"):
        open_store(address_of(None, str(tmp_path)))
    (tmp_path / "mlflow.db").write_text("a letter to somebody" * 100)
    with pytest.raises(StoreError, match=r"mlflow.db is damaged \(file is not a database\): restore a copy, or move"):
        open_store(address_of(None, str(tmp_path)))
    assert (tmp_path / "mlflow.db").read_text() == "a letter to somebody" * 100
