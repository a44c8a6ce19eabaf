"""CIFAR-10's files: found, unpacked, downloaded, verified; and every way in which that fails, in its words."""

import gzip
import hashlib
import io
import re
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from patchify.data import cifar10
from patchify.data.cifar10 import ARCHIVE, FOLDER, MD5, Cifar10, UnofficialData
from patchify.data.download import download
from patchify.data.source import DataError

Make = Callable[..., Cifar10]
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def copy(stored: Path, tmp_path: Path) -> Path:
    """A root whose files may be replaced one by one."""
    (tmp_path / FOLDER).mkdir()
    for name in MD5:
        (tmp_path / FOLDER / name).symlink_to(stored / FOLDER / name)
    return tmp_path


def archive(extra: Callable[[tarfile.TarFile], None] | None = None, without: str | None = None) -> bytes:
    """An archive of small files with the right names, and perhaps more, or one less."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in [name for name in MD5 if name != without]:
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
        if extra:
            extra(tar)
    return gzip.compress(packed.getvalue(), mtime=0)  # the same bytes whenever it is made


def assert_unpacked(root: Path) -> None:
    """The seven files and their archive are there, and nothing that is only half done."""
    assert {path.name for path in (root / FOLDER).iterdir()} == set(MD5)
    assert (root / FOLDER / "test_batch").read_text() == "test_batch"
    assert {path.name for path in root.iterdir()} - {".cifar-10.lock"} == {FOLDER, ARCHIVE}


def assert_nothing_left(root: Path, *kept: str) -> None:
    assert {path.name for path in root.iterdir()} - {".cifar-10.lock"} == set(kept)


# Files


def test_batches_are_read_in_their_order_and_images_by_row_column_and_channel(stored: Path, make_source: Make) -> None:
    source = make_source(stored)
    source.fetch()
    with pytest.warns(UnofficialData, match=r"7 of 7 files in .* are not the official ones \(data_batch_1, .*meta\): "):
        raw = source.read()
    assert raw.name == "cifar10"
    assert not raw.official
    assert len(raw.class_names) == 10
    assert raw.class_names[3] == "cat"
    assert raw.train_images.shape == (50_000, 32, 32, 3)
    assert raw.test_images.shape == (10_000, 32, 32, 3)
    assert raw.train_images.dtype == raw.test_images.dtype == np.uint8
    assert raw.train_labels.dtype == raw.test_labels.dtype == np.int64
    np.testing.assert_array_equal(raw.train_labels, np.repeat([1, 2, 3, 4, 5], 10_000))
    np.testing.assert_array_equal(raw.test_labels, np.full(10_000, 6))
    planar = (np.arange(3072) % 256).reshape(3, 32, 32)  # channel, row, column
    for first in (raw.train_images[0], raw.train_images[40_000], raw.test_images[0]):
        np.testing.assert_array_equal(first, planar.transpose(1, 2, 0))
    assert not raw.train_images[1].any()


def test_files_with_the_published_checksums_are_official_and_read_without_a_warning(
    stored: Path, checksums: dict[str, str], make_source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "MD5", checksums)
    source = make_source(stored, official_only=True)
    source.fetch()
    assert source.read().official


def test_files_with_other_checksums_are_refused_where_only_the_official_will_do(
    copy: Path, checksums: dict[str, str], make_source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "MD5", {**checksums, "data_batch_2": MD5["data_batch_2"]})
    expected = f"data_batch_2 is not the official file: expected MD5 {MD5['data_batch_2']}, got [0-9a-f]{{32}}; replace"
    with pytest.raises(DataError, match=expected):
        make_source(copy, official_only=True).fetch()
    with pytest.raises(DataError, match=expected):
        make_source(copy, official_only=True).read()


def test_a_damaged_batch_is_named(copy: Path, make_source: Make) -> None:
    damaged = copy / FOLDER / "data_batch_1"
    content = damaged.read_bytes()[:1_000_000]
    damaged.unlink()
    damaged.write_bytes(content)
    with pytest.raises(DataError, match=f"{re.escape(str(damaged))} is damaged or no pickle: .*truncated"):
        make_source(copy).read()


def test_reading_what_is_not_there_says_how_to_fetch_it(tmp_path: Path, make_source: Make) -> None:
    with pytest.raises(DataError, match=r"data_batch_1 cannot be read .*: `patchify-data` fetches what is missing"):
        make_source(tmp_path).read()


def test_an_incomplete_folder_is_named_with_what_it_lacks(copy: Path, make_source: Make) -> None:
    (copy / FOLDER / "data_batch_4").unlink()
    (copy / FOLDER / "batches.meta").unlink()
    with pytest.raises(DataError, match=f"{FOLDER} lacks data_batch_4, batches.meta: add what is missing, or delete"):
        make_source(copy).fetch()


def test_a_root_that_is_the_folder_of_the_batches_is_told_the_right_one(copy: Path, make_source: Make) -> None:
    with pytest.raises(DataError, match=f"holds the batches; choose data.root={re.escape(str(copy))}$"):
        make_source(copy / FOLDER).fetch()
    (copy / FOLDER).rename(copy / "mine")
    with pytest.raises(DataError, match=f"holds the batches; move them into .*mine/{FOLDER}$"):
        make_source(copy / "mine").fetch()


def test_a_root_that_is_a_file_or_lies_in_one_is_refused(tmp_path: Path, make_source: Make) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=f"data.root must be the folder that holds {FOLDER}/: .*file is a file; name"):
        make_source(tmp_path / "file").fetch()
    with pytest.raises(
        DataError, match=r"could not be fetched \(.*Not a directory.*\): put .* there, or name the folder"
    ):
        make_source(tmp_path / "file" / "folder").fetch()


def test_a_root_begins_at_home_after_a_tilde(copy: Path, make_source: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(copy.parent))
    assert make_source(f"~/{copy.name}").folder == copy / FOLDER
    with pytest.raises(
        DataError, match=r"data\.root must name a folder: got ~nobody-of-that-name/data .*; write its full"
    ):
        make_source("~nobody-of-that-name/data").fetch()


@pytest.mark.parametrize("root", [None, ""])
def test_no_root_is_the_cache_folder_of_the_user(
    root: str | None, tmp_path: Path, make_source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    assert make_source(root).folder == tmp_path / "patchify" / FOLDER


def test_impossible_splits_are_refused_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="validation must leave training images of the 50000 there are: got 50000"):
        Cifar10(root="nowhere", official_only=False, validation=50_000, split_seed=0)


# Archives


def test_a_local_archive_is_unpacked_and_nothing_is_downloaded(tmp_path: Path, make_source: Make) -> None:
    (tmp_path / ARCHIVE).write_bytes(archive())
    make_source(tmp_path).fetch()
    assert_unpacked(tmp_path)


def test_a_local_archive_with_another_checksum_is_refused_where_only_the_official_will_do(
    tmp_path: Path, make_source: Make
) -> None:
    (tmp_path / ARCHIVE).write_bytes(archive())
    expected = f"{ARCHIVE} is not the official file: expected SHA-256 {cifar10.SHA256}, got [0-9a-f]{{64}}; replace it"
    with pytest.raises(DataError, match=expected):
        make_source(tmp_path, official_only=True).fetch()
    assert_nothing_left(tmp_path, ARCHIVE)


def _file_outside(tar: tarfile.TarFile) -> None:
    tar.addfile(tarfile.TarInfo("../outside"))


def _link_outside(tar: tarfile.TarFile) -> None:
    link = tarfile.TarInfo(f"{FOLDER}/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    tar.addfile(link)


def _link_inside(tar: tarfile.TarFile) -> None:
    link = tarfile.TarInfo(f"{FOLDER}/link")
    link.type, link.linkname = tarfile.LNKTYPE, f"{FOLDER}/data_batch_1"
    tar.addfile(link)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (archive()[:-30], "end-of-stream|end of data"),
        (archive()[:20], "end-of-stream|unexpected end"),
        (b"<!DOCTYPE html>", "not a gzip file"),
        (b"", "empty file"),
        (archive(without="data_batch_5"), f"it lacks data_batch_5 in {FOLDER}/"),
        (archive(_file_outside), "outside the destination"),
        (archive(_link_outside), "link' is neither file nor folder"),
        (archive(_link_inside), "link' is neither file nor folder"),
    ],
    ids=["truncated", "cut short", "a web page", "empty", "lacks a batch", "leads outside", "links out", "links"],
)
def test_a_bad_archive_is_reported_and_leaves_nothing_behind(
    content: bytes, fault: str, tmp_path: Path, make_source: Make
) -> None:
    (tmp_path / ARCHIVE).write_bytes(content)
    got = hashlib.sha256(content).hexdigest()
    checksums = f"expected SHA-256 {cifar10.SHA256}, got {got}; delete it to have it downloaded again"
    with pytest.raises(DataError, match=rf"{ARCHIVE} cannot be unpacked \(.*({fault}).*\): {checksums}"):
        make_source(tmp_path).fetch()
    assert_nothing_left(tmp_path, ARCHIVE)


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path, make_source: Make) -> None:
    (tmp_path / ".cifar-10-unfinished" / FOLDER).mkdir(parents=True)
    (tmp_path / ".cifar-10-unfinished" / FOLDER / "half").write_text("half")
    (tmp_path / ARCHIVE).write_bytes(archive())
    make_source(tmp_path).fetch()
    assert_unpacked(tmp_path)


# Downloads, from a server on this machine


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
                pass

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
