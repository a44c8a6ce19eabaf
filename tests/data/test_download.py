"""CIFAR-10 from a server on this machine; and every way in which that fails, in its words."""

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from patchify.data import cifar10
from patchify.data.cifar10 import ARCHIVE, FOLDER, Cifar10
from patchify.data.download import download
from patchify.data.source import DataError
from tests.data.archives import archive, assert_nothing_left, assert_unpacked

Make = Callable[..., Cifar10]
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """Set when the test is over: lets go whatever it has made to hang."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def serve(ended: threading.Event, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], str]]:
    """Starts a server that answers every request in one way, and makes its address CIFAR-10's."""
    servers: list[ThreadingHTTPServer] = []
    monkeypatch.setenv("NO_PROXY", "*")

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's name
                answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing, so that the tests print nothing."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}).start()
        url = f"http://127.0.0.1:{servers[-1].server_port}/{ARCHIVE}"
        monkeypatch.setattr(cifar10, "URL", url)
        monkeypatch.setattr(cifar10, "PATIENCE", 0.3)
        return url

    yield start
    ended.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def sends(content: bytes, announced: int | None = None) -> Answer:
    """An answer with that content, and its length, or another length."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content) if announced is None else announced))
        request.end_headers()
        request.wfile.write(content)

    return answer


def test_a_download_is_verified_unpacked_and_shown_on_stderr(
    tmp_path: Path,
    make_source: Make,
    serve: Callable[[Answer], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    serve(sends(archive()))
    monkeypatch.setattr(cifar10, "SHA256", hashlib.sha256(archive()).hexdigest())
    make_source(tmp_path / "new" / "folder").fetch()
    assert_unpacked(tmp_path / "new" / "folder")
    shown = capsys.readouterr()
    assert not shown.out
    assert "CIFAR-10" in shown.err
    assert "100%" in shown.err


def test_two_that_fetch_at_once_download_once(
    tmp_path: Path, make_source: Make, serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        requests.append(request.path)
        sends(archive())(request)

    serve(answer)
    monkeypatch.setattr(cifar10, "SHA256", hashlib.sha256(archive()).hexdigest())
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(make_source(tmp_path).fetch) for _ in range(2)]:
            done.result()
    assert len(requests) == 1
    assert_unpacked(tmp_path)


def test_a_download_with_a_wrong_checksum_is_deleted_and_reported(
    tmp_path: Path, make_source: Make, serve: Callable[[Answer], str]
) -> None:
    url = serve(sends(b"something else"))
    got = hashlib.sha256(b"something else").hexdigest()
    checksums = rf"expected sha256:{cifar10.SHA256} but got {got}\. Deleted"
    with pytest.raises(DataError, match=rf"could not be fetched \({url}: .*{checksums}.*\): put {FOLDER}/ or"):
        make_source(tmp_path).fetch()
    assert_nothing_left(tmp_path)


@pytest.mark.parametrize("failure", ["is silent", "stalls", "breaks off", "is missing", "hangs up"])
def test_a_download_that_fails_is_one_error_with_the_folder_and_the_alternative(
    failure: str, tmp_path: Path, make_source: Make, serve: Callable[[Answer], str], ended: threading.Event
) -> None:
    def stalls(request: BaseHTTPRequestHandler) -> None:
        sends(b"the beginning", announced=1000)(request)
        ended.wait()

    answer, reason = {
        "is silent": (lambda _: ended.wait() or None, "no answer within 0.3 seconds|timed out"),
        "stalls": (stalls, "timed out"),
        "breaks off": (sends(b"the beginning", announced=1000), r"IncompleteRead\(13 bytes read, 987 more expected\)"),
        "is missing": (lambda request: request.send_error(404), "404 Client Error: Not Found"),
        "hangs up": (lambda request: request.connection.shutdown(socket.SHUT_RDWR), "Remote end closed connection"),
    }[failure]
    url = serve(answer)
    root = re.escape(str(tmp_path))
    fault = rf"^CIFAR-10 is not in {root} and could not be fetched \({url}: .*({reason}).*\): "
    remedy = f"put {FOLDER}/ or {ARCHIVE} there, or .* data.root or PATCHIFY_DATA, or .* data=textures$"
    with pytest.raises(DataError, match=fault + remedy):
        make_source(tmp_path).fetch()
    assert_nothing_left(tmp_path)


def test_a_refused_connection_is_an_error_in_one_line(
    tmp_path: Path, make_source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.socket() as bound:  # bound but not listening: connections are refused
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/{ARCHIVE}"
        monkeypatch.setattr(cifar10, "URL", url)
        with pytest.raises(
            DataError, match=rf"could not be fetched \({url}: .*Connection refused\): put .*data=textures$"
        ):
            make_source(tmp_path).fetch()


def test_a_name_that_does_not_resolve_is_an_error_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(ConnectionError, match=r"^http://cifar\.invalid/x: .*Temporary failure in name resolution$"):
        download("http://cifar.invalid/x", "0" * 64, tmp_path / "x", patience=60)


def test_name_resolution_that_hangs_is_given_up(
    tmp_path: Path, ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*_: object) -> None:
        ended.wait()
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    with pytest.raises(ConnectionError, match=r"^http://cifar\.invalid/x: no answer within 0\.1 seconds$"):
        download("http://cifar.invalid/x", "0" * 64, tmp_path / "x", patience=0.1)
    assert_nothing_left(tmp_path)
