"""The store: made once, found again, and never made by those who only read."""

import multiprocessing
from pathlib import Path

import pytest

from patchify.tracking import StoreError
from patchify.tracking.store import address_of, existing_store, open_store


def test_an_address_is_what_was_given_or_a_database_in_the_tracking_folder(tmp_path: Path, made_store: Path) -> None:
    database = f"sqlite:///{made_store}/mlflow.db"
    assert address_of(None, str(made_store)) == database
    assert address_of(str(made_store), "elsewhere") == database, "a folder that holds a database"
    assert address_of("sqlite:///mlruns/mlflow.db", "elsewhere") == database, "relative to the working directory"
    assert address_of("http://127.0.0.1:5000", "elsewhere") == "http://127.0.0.1:5000"


def test_a_study_becomes_an_experiment_once_with_artifacts_beside_the_database(made_store: Path) -> None:
    store = open_store(address_of(None, str(made_store)))
    assert store.experiment("widths") == store.experiment("widths")
    assert store.experiments() == ["widths"]
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
    with pytest.raises(StoreError, match=r"no store can be made at .*file.*choose another tracking.folder"):
        open_store(address_of(None, str(tmp_path / "file" / "mlruns")))


def _open(address: str) -> int:
    return len(open_store(address).experiments())


def test_processes_that_make_one_store_at_once_all_succeed(tmp_path: Path) -> None:
    address = address_of(None, str(tmp_path / "mlruns"))
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_open, [address] * 3) == [0, 0, 0]
