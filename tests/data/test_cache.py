"""Prepared data on disk: the same bits as without, made once, never trusted when something has changed."""

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from patchify.data import cache
from patchify.data import prepare as module
from patchify.data.cache import CacheWarning, cache_folder, entries
from patchify.data.dataset import Dataset
from patchify.data.entry import DamagedEntry, open_entry
from patchify.data.prepare import prepare
from patchify.data.source import DataError, DataSource, RawData

done: list[str] = []
"""What sources were asked to do, in order."""


@dataclass(slots=True, kw_only=True)
class Stored(DataSource):
    """Sixty training and twenty test images in a file of bytes."""

    path: str

    @property
    def stored_training_images(self) -> int:
        return 60

    @property
    def files(self) -> list[Path]:
        return [Path(self.path)]

    def fetch(self) -> None:
        if not Path(self.path).exists():
            raise DataError(f"{self.path} is missing")

    def verify(self) -> str:
        done.append("verify")
        return Path(self.path).read_bytes().hex()

    def read(self) -> RawData:
        done.append("read")
        images = np.frombuffer(Path(self.path).read_bytes(), np.uint8).reshape(80, 32, 32, 3)
        labels = images[:, 0, 0, 0] % 10
        return RawData(
            name="stored",
            official=False,
            class_names=list("abcdefghij"),
            train_images=images[:60],
            train_labels=labels[:60],
            test_images=images[60:],
            test_labels=labels[60:],
        )


@pytest.fixture
def source(tmp_path: Path) -> Stored:
    """A source whose file holds noise."""
    path = tmp_path / "images"
    path.write_bytes(np.random.default_rng(0).bytes(80 * 3072))
    return Stored(path=str(path), validation=10, split_seed=0)


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins as a fresh process does."""
    monkeypatch.setattr(module, "_last", {})
    done.clear()


def again(source: Stored, dtype: str = "float32", *, check: bool = False) -> Dataset:
    """The data set as another process would prepare it; `done` lists what that took."""
    module._last.clear()
    done.clear()
    return prepare(source, dtype, check=check)


def uncached(source: Stored, dtype: str = "float32") -> Dataset:
    return module._prepare(source, np.dtype(dtype))


def assert_same_bits(got: Dataset, expected: Dataset) -> None:
    for field in ("name", "class_names", "digest", "official"):
        assert getattr(got, field) == getattr(expected, field), field
        assert type(getattr(got, field)) is type(getattr(expected, field)), field
    for split in ("train", "validation", "test"):
        ours, theirs = getattr(got, split), getattr(expected, split)
        assert (ours is None) == (theirs is None), split
        if ours is not None:
            for kind in ("images", "labels"):
                assert_same_array(getattr(ours, kind), getattr(theirs, kind))
    assert_same_array(got.mean, expected.mean)
    assert_same_array(got.std, expected.std)


def assert_same_array(got: np.ndarray, expected: np.ndarray) -> None:
    assert type(got) is np.ndarray, "np.memmap slows down every indexing"
    assert got.dtype == expected.dtype
    assert got.tobytes() == expected.tobytes()
    assert not got.flags.writeable


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("validation", [0, 10])
def test_the_first_and_every_later_process_get_the_bits_that_they_would_without_a_cache(
    source: Stored, dtype: str, validation: int
) -> None:
    source.validation = validation
    expected = uncached(source, dtype)
    assert_same_bits(again(source, dtype), expected)
    assert done == ["verify", "read"]
    assert_same_bits(again(source, dtype), expected)
    assert done == [], "files that have not changed since are neither hashed nor read"
    assert_same_bits(again(source, dtype, check=True), expected)
    assert done == ["verify"]


def test_images_are_mapped_from_the_file_and_not_read(source: Stored) -> None:
    images = again(source).train.images
    while isinstance(images.base, np.ndarray):
        images = images.base
    assert isinstance(images, np.memmap)


def test_a_check_looks_again_even_in_the_same_process(source: Stored) -> None:
    prepare(source, "float32", check=True)
    prepare(source, "float32", check=True)
    assert done == ["verify", "read", "verify"]


@pytest.mark.parametrize(("validation", "split_seed"), [(9, 0), (10, 1)])
def test_another_split_is_another_entry(source: Stored, validation: int, split_seed: int) -> None:
    again(source)
    other = Stored(path=source.path, validation=validation, split_seed=split_seed)
    assert_same_bits(again(other), uncached(other))
    assert len(entries(cache_folder())) == 2


def test_changed_files_are_noticed_without_being_asked_for_a_check(source: Stored) -> None:
    again(source)
    path = Path(source.path)
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as cp -p and rsync do
    assert_same_bits(again(source), uncached(source))


def test_the_same_bytes_elsewhere_use_the_same_entry(source: Stored, tmp_path: Path) -> None:
    again(source)
    copy = Stored(path=str(shutil.copy(source.path, tmp_path / "copy")), validation=10, split_seed=0)
    again(copy)
    assert done == ["verify"]
    again(copy)
    assert done == []


def test_files_that_change_while_they_are_read_are_not_kept(source: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_and_change(self: Stored) -> RawData:
        monkeypatch.undo()
        Path(self.path).write_bytes(bytes(80 * 3072))
        return self.read()

    monkeypatch.setenv("PATCHIFY_CACHE", str(Path(source.path).parent / "prepared"))
    monkeypatch.setattr(Stored, "read", read_and_change)
    again(source)
    assert entries(Path(source.path).parent / "prepared") == []


def test_missing_files_are_an_error_also_where_the_cache_holds_them(source: Stored) -> None:
    again(source)
    Path(source.path).unlink()
    with pytest.raises(DataError, match="is missing"):
        again(source)


def test_only_the_entries_checked_last_are_kept(source: Stored) -> None:
    for position, seed in enumerate([0, 1, 0, 2]):
        again(Stored(path=source.path, validation=10, split_seed=seed), check=True)
        for age, entry in enumerate(entries(cache_folder())):  # clocks of file systems may tick slowly
            os.utime(entry, (100 * position - age, 100 * position - age))
    assert len(entries(cache_folder())) == cache.KEPT == 2
    again(source)
    assert done == [], "0 was checked after 1"


def test_nothing_but_entries_is_ever_removed(source: Stored) -> None:
    (cache_folder() / "mine").mkdir(parents=True)
    for seed in range(4):
        again(Stored(path=source.path, validation=10, split_seed=seed))
    assert (cache_folder() / "mine").is_dir()


# Damage


def turned(content: bytes, position: int) -> bytes:
    """The content with one bit turned."""
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut by a byte": lambda content: content[:-1],
    "cut in half": lambda content: content[: len(content) // 2],
    "cut within its header": lambda content: content[:50],
    "empty": lambda _content: b"",
    "overwritten": lambda content: bytes(len(content)),
    "one bit of its header turned": lambda content: turned(content, 1),
    "one bit in its middle turned": lambda content: turned(content, len(content) // 2),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["train.npy", "validation.npy", "test.npy", "rest.npz"])
def test_a_damaged_entry_is_told_and_made_anew(source: Stored, name: str, damage: str) -> None:
    expected = uncached(source)
    again(source)
    (entry,) = entries(cache_folder())
    (entry / name).write_bytes(DAMAGES[damage]((entry / name).read_bytes()))
    with pytest.warns(CacheWarning, match=r"prepared-\w+ is damaged \(.*\): the data are prepared anew$") as told:
        assert_same_bits(again(source, check=True), expected)
    assert len(told) == 1
    assert done == ["verify", "read"]
    assert_same_bits(again(source, check=True), expected)
    assert done == ["verify"], "the new entry is sound"


@pytest.mark.parametrize("name", ["train.npy", "rest.npz"])
def test_a_missing_or_truncated_file_is_noticed_without_a_check(source: Stored, name: str) -> None:
    again(source)
    (entry,) = entries(cache_folder())
    (entry / name).write_bytes((entry / name).read_bytes()[:-100])
    with pytest.warns(CacheWarning, match="is damaged"):
        assert_same_bits(again(source), uncached(source))
    (entry / name).unlink()
    with pytest.warns(CacheWarning, match=f"is damaged.*{name}"):
        assert_same_bits(again(source), uncached(source))


@pytest.mark.parametrize("position", [*range(0, 40, 3), -1, -10, -20, -60])
def test_no_bit_of_the_small_file_can_raise_anything_else(source: Stored, position: int) -> None:
    again(source)
    expected = uncached(source)
    (entry,) = entries(cache_folder())
    content = bytearray((entry / "rest.npz").read_bytes())
    for bit in range(8):
        content[position] ^= 1 << bit
        (entry / "rest.npz").write_bytes(content)
        with suppress(DamagedEntry):
            assert_same_bits(open_entry(entry, check=True), expected)  # times of a zip's members may be any
        content[position] ^= 1 << bit


def test_what_a_killed_process_left_is_swept_and_never_read(source: Stored) -> None:
    half = cache_folder() / ".prepared-unfinished" / "new"
    half.mkdir(parents=True)
    (half / "checked.json").write_text("half")
    assert_same_bits(again(source), uncached(source))
    assert not half.parent.exists()


# Folders that can't be used


def test_a_cache_that_cannot_be_made_is_one_warning_and_the_data_come_from_memory(
    source: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHIFY_CACHE", source.path)  # a file
    expected = uncached(source)
    with pytest.warns(CacheWarning, match="can't be kept in .*: make room there, or name .* PATCHIFY_CACHE") as told:
        assert_same_bits(again(source), expected)
    assert len(told) == 1
    assert done == ["verify", "read"]


def test_a_full_disk_is_one_warning_and_leaves_nothing_behind(source: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.warns(CacheWarning, match="No space left on device") as told:
        assert_same_bits(again(source), uncached(source))
    assert len(told) == 1
    assert done.count("read") == 2, "once for the expected data set, once for this"
    assert {path.name for path in cache_folder().iterdir()} <= {".prepared.lock"}


def test_the_folder_is_the_users_unless_the_environment_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda project: tmp_path / project)
    assert cache_folder() == tmp_path / "prepared"
    monkeypatch.setenv("PATCHIFY_CACHE", "")
    assert cache_folder() == tmp_path / "patchify" / "prepared"


# Several processes


def test_two_processes_at_once_prepare_it_once(source: Stored) -> None:
    code = (
        "import sys, time; from tests.data import test_cache as t; from patchify.data.prepare import prepare;"
        "read = t.Stored.read; t.Stored.read = lambda self: (time.sleep(0.5), read(self))[1];"  # both get to the lock
        "prepare(t.Stored(path=sys.argv[1], validation=10, split_seed=0), 'float32', check=True); print(t.done)"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, source.path]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(2)]
    ends = [process.communicate(timeout=60)[0].strip() for process in both]
    assert sorted(ends) == ["['verify', 'read']", "['verify']"]


def test_an_entry_that_is_removed_stays_whole_for_those_who_opened_it(source: Stored) -> None:
    dataset, expected = again(source), uncached(source)
    shutil.rmtree(cache_folder())
    assert_same_bits(dataset, expected)


def test_an_ordinary_run_gives_no_warning(source: Stored) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again(source)
        again(source, check=True)
