"""Prepared data on disk: the same bits as without, made once, and anew when the files have changed."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from patchify.data import cache
from patchify.data.cache import cache_folder, entries
from patchify.data.prepare import prepare
from patchify.data.source import DataError, RawData
from tests.data.prepared import Stored, again, assert_same_bits, done, uncached


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


def test_the_folder_is_the_users_unless_the_environment_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda project: tmp_path / project)
    assert cache_folder() == tmp_path / "prepared"
    monkeypatch.setenv("PATCHIFY_CACHE", "")
    assert cache_folder() == tmp_path / "patchify" / "prepared"


def test_two_processes_at_once_prepare_it_once(source: Stored) -> None:
    code = (
        "import sys, time; from tests.data import prepared as t; from patchify.data.prepare import prepare;"
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
