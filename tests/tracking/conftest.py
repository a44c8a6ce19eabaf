"""A local store, and a real server that is started once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from patchify.store.opening import Store, address_of, open_store
from tests.server import Server
from tests.tracking.proxy import Proxy

PATIENCE = 2
"""Seconds that a request may take in these tests; the server answers in a few hundredths."""


@pytest.fixture
def local(made_store: Path) -> Store:
    return open_store(address_of(None, str(made_store)))


@pytest.fixture(scope="session")
def server(_empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real MLflow server."""
    folder = tmp_path_factory.mktemp("server")
    with closing(sqlite3.connect(_empty_database)) as source, closing(sqlite3.connect(folder / "mlflow.db")) as copy:
        source.backup(copy)
    with Server(folder) as started:
        yield started.port


@pytest.fixture
def proxy(server: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A way to that server; the client waits for PATIENCE seconds."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(PATIENCE))
    with Proxy(server, PATIENCE) as proxy:
        yield proxy
