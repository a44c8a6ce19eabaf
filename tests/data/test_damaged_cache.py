"""Prepared data on disk that are damaged or can't be kept: told in one warning, and never trusted."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

from patchify.data.cache import CacheWarning, cache_folder, entries
from patchify.data.entry import DamagedEntry, open_entry
from tests.data.prepared import Stored, again, assert_same_bits, done, uncached


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
