"""A server of another MLflow is named before anything is sent to it."""

import mlflow
import pytest

from patchify.store import StoreError
from patchify.store.opening import Store, open_store
from patchify.store.version import other_version


@pytest.fixture
def remote(server: int) -> Store:
    return open_store(f"http://127.0.0.1:{server}")


def test_of_the_version_here_there_is_nothing_to_say(remote: Store, local: Store) -> None:
    assert other_version(remote) == ""
    assert other_version(local) == ""


def test_another_minor_version_is_told(remote: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = mlflow.__version__
    monkeypatch.setattr(mlflow, "__version__", f"{theirs.split('.')[0]}.999.0")
    assert f"has MLflow {theirs}, and this is {mlflow.__version__}" in other_version(remote)


def test_another_major_version_is_refused(remote: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow, "__version__", "999.0.0")
    with pytest.raises(StoreError, match=r"and this is 999\.0\.0: install its version here, or ours there"):
        other_version(remote)
