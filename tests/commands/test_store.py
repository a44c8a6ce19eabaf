"""The command `patchify-store`: what it says, and when it says no."""

import re
from pathlib import Path

import pytest

from patchify.commands.store import main
from patchify.store.opening import address_of, disconnect, existing_store
from patchify.stored.runs import study_names
from tests.conftest import Command, command


@pytest.fixture
def mend(capsys: pytest.CaptureFixture[str]) -> Command:
    return command(main, "patchify-store", capsys)


def test_a_moved_store_is_mended_by_the_command_that_its_error_names(mend: Command, made_store: Path) -> None:
    store = existing_store(address_of(None, str(made_store)))
    store.client.create_run(store.experiment("widths"), tags={"run_key": "k"})
    disconnect()
    moved = made_store.rename("elsewhere").resolve()
    outcome = mend("relocate", "--folder", str(moved))
    assert outcome.status == 0
    assert outcome.out == f"{moved}/mlflow.db: 1 run relocated; 1 of all runs misses its artifacts\n"
    assert study_names(existing_store(address_of(None, str(moved)))) == ["widths"]


def test_a_store_that_is_up_to_date_is_left_alone(mend: Command, made_store: Path) -> None:
    outcome = mend("upgrade")
    assert outcome.out == f"{made_store}/mlflow.db is up to date already\n"
    assert {path.name for path in made_store.iterdir()} == {"mlflow.db", "mlflow.db.lock"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "no store at .*/mlruns/mlflow.db"),
        (["--uri", "http://127.0.0.1:5000"], "http://127.0.0.1:5000 is no local store: mend it where it is kept"),
    ],
    ids=["missing", "server"],
)
@pytest.mark.parametrize("what", ["relocate", "upgrade"])
def test_there_must_be_a_local_store(mend: Command, tmp_path: Path, what: str, words: list[str], reason: str) -> None:
    outcome = mend(what, *words)
    assert outcome.status == 1
    assert re.fullmatch(f"patchify-store: {reason}.*\n", outcome.err)
    assert list(tmp_path.iterdir()) == []
