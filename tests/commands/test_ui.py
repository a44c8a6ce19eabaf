"""The command `patchify-ui`: a real server on this machine, from its first line to its end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from patchify.commands.ui import main
from patchify.store.opening import address_of, disconnect, existing_store
from tests.conftest import HEAR_CTRL_C, Command, command

CODE = f"{HEAR_CTRL_C} from patchify.commands.ui import main; main()"
JSON = {"Content-Type": "application/json"}


@contextmanager
def server(*words: str, patience: float = 60) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A started server and its address, in a group of processes of its own; killed when the test leaves it alive.

    patience: seconds after which it is stuck
    """
    arguments = [sys.executable, "-c", CODE, "--port", "0", *words]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        watchdog = threading.Timer(patience, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            said = process.stdout.readline() + process.stdout.readline()
            yield process, said.split()[2]
        finally:
            watchdog.cancel()
            process.kill()


def ask(url: str, data: object = None, headers: dict[str, str] = JSON) -> tuple[int, bytes]:
    """Status and body of the server's answer."""
    request = Request(url, headers=headers, data=None if data is None else json.dumps(data).encode())
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        return refused.code, refused.read()


def end(process: subprocess.Popen[str], how: signal.Signals) -> int:
    """Exit status after this signal; no process of the server's group is left."""
    process.send_signal(how)
    status = process.wait(timeout=20)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return status


def test_the_pages_show_the_runs_and_files_of_the_store_to_this_machine_alone(made_store: Path) -> None:
    store = existing_store(address_of(None, str(made_store)))
    run = store.client.create_run(store.experiment("widths")).info.run_id
    store.client.log_text(run, "seed: 1", "config.yaml")
    disconnect()
    with server("--folder", str(made_store)) as (process, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        page = ask(url)[1]
        assert b"MLflow" in page
        assert b'"machine_learning"' in page, "its pages for language models show no curves"
        status, found = ask(f"{url}/ajax-api/2.0/mlflow/runs/search", {"experiment_ids": ["1"]})
        assert (status, [one["info"]["run_id"] for one in json.loads(found)["runs"]]) == (200, [run])
        assert ask(f"{url}/get-artifact?path=config.yaml&run_uuid={run}") == (200, b"seed: 1")

        assert ask(url, headers={"Host": "attacker.example"})[0] == 403
        stranger = {**JSON, "Origin": "http://attacker.example"}
        assert ask(f"{url}/ajax-api/2.0/mlflow/runs/delete", {"run_id": run}, stranger)[0] == 403

        status, made = ask(f"{url}/ajax-api/2.0/mlflow/experiments/create", {"name": "by hand"})
        assert status == 200
        assert end(process, signal.SIGTERM) == -signal.SIGTERM
    by_hand = existing_store(store.address).client.get_experiment(json.loads(made)["experiment_id"])
    assert by_hand.artifact_location.startswith((made_store / "artifacts").as_uri()), "where patchify can read it"


def test_ctrl_c_ends_the_server_though_a_browser_holds_half_of_an_answer(made_store: Path) -> None:
    store = existing_store(address_of(None, str(made_store)))
    run = store.client.create_run(store.experiment("widths")).info.run_id
    store.client.log_text(run, "more than the system buffers; " * 10**6, "long.txt")
    disconnect()
    with server() as (process, url), socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as browser:
        browser.settimeout(60)
        browser.sendall(f"GET /get-artifact?path=long.txt&run_uuid={run} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert browser.recv(100).startswith(b"HTTP/1.1 200")
        assert end(process, signal.SIGINT) == 130


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Command:
    return command(main, "patchify-ui", capsys)


def test_a_port_in_use_is_refused_before_anything_starts(show: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        outcome = show("--port", str(port))
    assert outcome.status == 1
    assert re.fullmatch(rf"patchify-ui: port {port} can't be used: .*in use; choose another with --port\n", outcome.err)


def test_no_store_is_made_to_be_shown(show: Command, tmp_path: Path) -> None:
    outcome = show("--port", "0")
    assert outcome.status == 1
    assert outcome.err.startswith(f"patchify-ui: no store at {tmp_path}/mlruns/mlflow.db: train first")
    assert list(tmp_path.iterdir()) == []


def test_a_server_is_shown_by_its_own_address(show: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert show("--uri", "http://lab:5000").out == "http://lab:5000 is a server already: open it in a browser\n"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://lab")
    assert show().out == "https://lab is a server already: open it in a browser\n"
    assert "no store at" in show("--folder", "here", "--port", "0").err, "what is typed goes before what is set"
