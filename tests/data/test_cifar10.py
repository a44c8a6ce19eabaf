"""CIFAR-10's files: found, unpacked, verified; and every way in which that fails, in its words."""

import hashlib
import re
import tarfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest

from patchify.data import cifar10
from patchify.data.cifar10 import ARCHIVE, FOLDER, MD5, Cifar10, UnofficialData
from patchify.data.source import DataError
from tests.data.archives import archive, assert_nothing_left, assert_unpacked

Make = Callable[..., Cifar10]
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def copy(stored: Path, tmp_path: Path) -> Path:
    """A root whose files may be replaced one by one."""
    (tmp_path / FOLDER).mkdir()
    for name in MD5:
        (tmp_path / FOLDER / name).symlink_to(stored / FOLDER / name)
    return tmp_path


def test_batches_are_read_in_their_order_and_images_by_row_column_and_channel(stored: Path, make_source: Make) -> None:
    source = make_source(stored)
    source.fetch()
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
    source.verify()
    assert source.read().official


def test_files_with_other_checksums_are_told_by_name_once_they_are_verified(stored: Path, make_source: Make) -> None:
    with pytest.warns(UnofficialData, match=r"7 of 7 files in .* are not the official ones \(data_batch_1, .*meta\): "):
        make_source(stored).verify()


@pytest.mark.filterwarnings("ignore::patchify.data.cifar10.UnofficialData")
def test_one_changed_byte_changes_the_hash_of_all_files(copy: Path, make_source: Make) -> None:
    before = make_source(copy).verify()
    content = bytearray((copy / FOLDER / "batches.meta").read_bytes())
    content[-10] ^= 1
    (copy / FOLDER / "batches.meta").unlink()
    (copy / FOLDER / "batches.meta").write_bytes(content)
    assert make_source(copy).verify() != before


def test_files_with_other_checksums_are_refused_where_only_the_official_will_do(
    copy: Path, checksums: dict[str, str], make_source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "MD5", {**checksums, "data_batch_2": MD5["data_batch_2"]})
    expected = f"data_batch_2 is not the official file: expected MD5 {MD5['data_batch_2']}, got [0-9a-f]{{32}}; replace"
    with pytest.raises(DataError, match=expected):
        make_source(copy, official_only=True).verify()
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
    monkeypatch.setattr("platformdirs.user_cache_path", lambda project: tmp_path / project)
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
