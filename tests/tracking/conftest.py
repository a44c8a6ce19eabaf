"""A local store, and a real server that is started once."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from patchify.tracking.store import Store, address_of, open_store
from tests.tracking.proxy import Proxy

PATIENCE = 1
"""Seconds that a request may take in these tests; the server answers in a few hundredths."""


@pytest.fixture
def local(made_store: Path) -> Store:
    return open_store(address_of(None, str(made_store)))


@pytest.fixture(scope="session")
def server(_empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real MLflow server on loopback, with one worker."""
    folder = tmp_path_factory.mktemp("server")
    with closing(sqlite3.connect(_empty_database)) as source, closing(sqlite3.connect(folder / "mlflow.db")) as copy:
        source.backup(copy)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--workers=1", "--host=127.0.0.1", f"--port={port}"]
    places = [f"--backend-store-uri=sqlite:///{folder}/mlflow.db", f"--artifacts-destination={folder}/artifacts"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, *places], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).raise_for_status()
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture
def proxy(server: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A way to that server; the client waits for PATIENCE seconds."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(PATIENCE))
    with Proxy(server, PATIENCE) as proxy:
        yield proxy
