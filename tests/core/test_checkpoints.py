"""Checkpoints: whole or not there, and the one before where the newest is damaged."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchify.core.training import checkpoints
from patchify.core.training.checkpoints import latest_checkpoint, remove_checkpoints, write_checkpoint
from tests.core.states import RUN, assert_same_state, names, refused_for, state

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [300, 0])
def test_a_state_comes_back_bit_for_bit(folder: Path, dtype: type, count: int) -> None:
    written = state(50, dtype, count)
    path = write_checkpoint(folder, written, run=RUN)
    found, refused = latest_checkpoint(folder, run=RUN)
    assert_same_state(found, written)
    assert refused == []
    assert path == folder / "checkpoint-0000000050.npz"
    with np.load(path, allow_pickle=False) as file:
        assert file.files == ["about", "parameters", "velocity"]


def test_where_nothing_was_written_nothing_is_found(folder: Path) -> None:
    assert latest_checkpoint(folder, run=RUN) == (None, [])
    assert latest_checkpoint(folder / "missing", run=RUN) == (None, [])


def test_the_last_two_are_kept(folder: Path) -> None:
    for step in (0, 9, 10, 100):
        write_checkpoint(folder, state(step), run=RUN)
    assert names(folder) == ["checkpoint-0000000010.npz", "checkpoint-0000000100.npz"]
    assert_same_state(latest_checkpoint(folder, run=RUN)[0], state(100))


def test_the_one_written_last_counts_also_where_an_earlier_attempt_had_come_further(folder: Path) -> None:
    for step in (100, 200, 0):
        write_checkpoint(folder, state(step), run=RUN)
    assert names(folder) == ["checkpoint-0000000000.npz"]


def test_a_step_may_be_written_twice(folder: Path) -> None:
    for step in (50, 100, 100):
        write_checkpoint(folder, state(step), run=RUN)
    assert names(folder) == ["checkpoint-0000000050.npz", "checkpoint-0000000100.npz"]


def test_all_checkpoints_are_removed_and_nothing_else(folder: Path) -> None:
    for name in ("journal.jsonl", "checkpoint-copy.npz", checkpoints.UNFINISHED):
        (folder / name).write_text("x")
    write_checkpoint(folder, state(50), run=RUN)
    write_checkpoint(folder, state(100), run=RUN)
    (folder / checkpoints.UNFINISHED).write_text("x")
    remove_checkpoints(folder)
    remove_checkpoints(folder)
    assert names(folder) == ["checkpoint-copy.npz", "journal.jsonl"]


# Killed while it writes, and full disks


@pytest.mark.parametrize("moment", ["os.fsync", "pathlib.Path.replace", "patchify.core.training.checkpoints._sync"])
def test_wherever_a_writer_is_killed_a_whole_checkpoint_is_found_and_the_next_one_tidies_up(
    folder: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nothing is tidied up after a kill."""

    def kill(*_: object) -> None:
        raise Killed

    write_checkpoint(folder, state(50), run=RUN)
    with monkeypatch.context() as patch:
        patch.setattr(moment, kill)
        with pytest.raises(Killed):
            write_checkpoint(folder, state(100), run=RUN)
    found, refused = latest_checkpoint(folder, run=RUN)
    assert_same_state(found, state(100) if moment.endswith("_sync") else state(50))
    assert refused == []
    write_checkpoint(folder, state(150), run=RUN)
    assert checkpoints.UNFINISHED not in names(folder)


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_older_ones_go(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            done.append(name)
            return function(*arguments, **options)

        return noted

    for step in (0, 50):
        write_checkpoint(folder, state(step), run=RUN)
    monkeypatch.setattr(os, "fsync", noting("fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", noting("replace", Path.replace))
    monkeypatch.setattr(Path, "unlink", noting("unlink", Path.unlink))
    write_checkpoint(folder, state(100), run=RUN)
    assert done == ["unlink", "fsync", "replace", "fsync", "unlink"]


def test_a_full_disk_is_an_error_that_says_what_was_needed_and_the_last_good_one_stays(folder: Path) -> None:
    write_checkpoint(folder, state(50), run=RUN)
    code = (
        "import resource, sys; from pathlib import Path;"
        "from patchify.core.training.checkpoints import write_checkpoint;"
        "from tests.core.states import RUN, state; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000));"
        "write_checkpoint(Path(sys.argv[1]), state(100, count=10_000), run=RUN)"
    )
    ended = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 1
    path = folder / "checkpoint-0000000100.npz"
    needed = len(write_checkpoint(folder.parent, state(100, count=10_000), run=RUN).read_bytes())
    assert ended.stderr.endswith(
        f"OSError: [Errno {errno.EFBIG}] File too large; a checkpoint needs {needed:,} bytes: "
        f"make room and start the same command again: '{path}'\n"
    )
    assert names(folder) == ["checkpoint-0000000050.npz"]
    assert_same_state(latest_checkpoint(folder, run=RUN)[0], state(50))


def test_the_error_keeps_its_number_and_its_kind(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="a checkpoint needs") as raised:
        write_checkpoint(folder / "missing", state(50), run=RUN)
    assert raised.value.errno == errno.ENOENT
    assert raised.value.filename == str(folder / "missing" / "checkpoint-0000000050.npz")


# Damage: bytes changed and cut


def places(length: int) -> list[int]:
    """Twenty positions in so many bytes, both ends included."""
    return [(length - 1) * i // 19 for i in range(20)]


@pytest.mark.parametrize("place", range(20))
def test_a_bit_that_is_turned_anywhere_is_noticed_and_the_one_before_is_taken(newest: Path, place: int) -> None:
    content = bytearray(newest.read_bytes())
    content[places(len(content))[place]] ^= 1
    newest.write_bytes(content)
    refused_for(newest.parent, "cut or changed: its checksum does not hold")


@pytest.mark.parametrize("place", range(20))
def test_a_file_that_is_cut_anywhere_is_noticed_and_the_one_before_is_taken(newest: Path, place: int) -> None:
    content = newest.read_bytes()
    newest.write_bytes(content[: places(len(content))[place]])
    refused_for(newest.parent, "cut or changed: its checksum does not hold")


def test_where_none_is_sound_each_is_named(newest: Path) -> None:
    for path in newest.parent.iterdir():
        path.write_bytes(b"")
    found, refused = latest_checkpoint(newest.parent, run=RUN)
    assert found is None
    assert [Path(message.split()[0]).name for message in refused] == [
        "checkpoint-0000000100.npz",
        "checkpoint-0000000050.npz",
    ]


def test_a_checkpoint_of_another_run_is_refused(newest: Path) -> None:
    write_checkpoint(newest.parent, state(100), run="f" * 64)
    refused_for(newest.parent, f"it is of the run {'f' * 64}")


# Other things than files


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "broken link"])
def test_what_is_no_file_is_refused_at_once_and_the_next_checkpoints_are_written(newest: Path, kind: str) -> None:
    newest.unlink()
    make: dict[str, Callable[[Path], object]] = {
        "folder": Path.mkdir,
        "pipe": os.mkfifo,
        "device": lambda path: path.symlink_to("/dev/zero"),
        "broken link": lambda path: path.symlink_to("missing"),
    }
    make[kind](newest)
    refused_for(newest.parent, "it is no file")
    for step in (110, 120, 130):
        write_checkpoint(newest.parent, state(step), run=RUN)
    assert_same_state(latest_checkpoint(newest.parent, run=RUN)[0], state(130))


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_text("mine")
    (folder / checkpoints.UNFINISHED).symlink_to(outside)
    write_checkpoint(folder, state(50), run=RUN)
    assert outside.read_text() == "mine"
    assert names(folder) == ["checkpoint-0000000050.npz"]
