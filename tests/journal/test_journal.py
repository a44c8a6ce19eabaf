"""Nothing that a journal was told is lost, and nothing that it does not say is read from it."""

import errno
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchify.journal.journal import DamagedJournal, Entry, Journal, ending, finished, read, recorded


def a_journal(path: Path, lines: int = 5) -> bytes:
    with Journal(path) as journal:
        journal.write("run", id="r1", name="arch2 · seed 0", tags={"a": '", "crc": "'})
        for step in range(lines - 1):
            journal.write("metrics", step=step, metrics={"train/loss": 2.3 / (1 + step)})
    return path.read_bytes()


def contents(entries: list[Entry]) -> list[dict[str, object]]:
    return [entry.content for entry in entries]


def test_what_was_written_is_read_back_exactly_and_every_line_is_json(tmp_path: Path) -> None:
    a_journal(tmp_path / "j")
    entries = read(tmp_path / "j")
    assert [entry.kind for entry in entries] == ["run"] + ["metrics"] * 4
    assert entries[2].content == {"step": 1, "metrics": {"train/loss": 2.3 / 2}}
    assert entries[0].content["tags"] == {"a": '", "crc": "'}
    assert all(json.loads(line)["kind"] for line in (tmp_path / "j").read_text().splitlines())
    assert recorded(entries) == {0, 1, 2, 3}


def test_a_journal_goes_on_where_it_ended(tmp_path: Path) -> None:
    a_journal(tmp_path / "j")
    with Journal(tmp_path / "j") as journal:
        assert len(journal.entries) == 5
        journal.write("end", status="FINISHED")
    assert len(read(tmp_path / "j")) == 6


@given(length=st.integers(0, 10_000))
def test_a_journal_cut_anywhere_keeps_all_whole_lines(length: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cut") / "j"
    whole = a_journal(path)
    entries = read(path)
    length %= len(whole) + 1
    path.write_bytes(whole[:length])
    kept = whole[:length].count(b"\n")
    assert contents(read(path)) == contents(entries[:kept])
    with Journal(path) as journal:
        journal.write("resumed")
    assert contents(read(path)) == [*contents(entries[:kept]), {}]


@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_a_changed_byte_is_noticed_or_the_line_was_the_last(
    place: int, change: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("changed") / "j"
    whole = bytearray(a_journal(path))
    entries = read(path)
    place %= len(whole)
    whole[place] ^= change
    path.write_bytes(whole)
    if place == len(whole) - 1:  # the last end of a line: what comes before is a line that was cut
        assert contents(read(path)) == contents(entries[:-1])
    else:
        with pytest.raises(DamagedJournal, match=r"the journal .* is damaged in line \d: move it away"):
            read(path)


def test_a_run_is_open_until_its_end_and_again_when_it_is_resumed(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        assert ending(journal.entries) is None
        journal.write("run", id="r")
        assert ending(journal.entries) is None
        journal.write("end", status="KILLED")
        end = ending(journal.entries)
        assert end is not None
        assert end.content["status"] == "KILLED"
        assert not finished(journal.entries)
        journal.write("resumed")
        assert ending(journal.entries) is None
        journal.write("end", status="FINISHED")
        assert finished(journal.entries)


def test_a_full_disk_leaves_the_journal_whole_and_the_error_names_the_file_and_the_need(tmp_path: Path) -> None:
    program = f"""
import resource, signal, sys
from pathlib import Path
from patchify.journal.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
journal = Journal(Path({str(tmp_path / "j")!r}))
try:
    for step in range(100):
        journal.write("metrics", step=step)
except OSError as error:
    print(error.errno, error.filename, step, error)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    number, name, step, *words = done.stdout.split()
    assert int(number) in {errno.EFBIG, errno.ENOSPC}
    assert name == str(tmp_path / "j")
    assert "make room and start again" in " ".join(words)
    assert recorded(read(tmp_path / "j")) == set(range(int(step)))
    assert (tmp_path / "j").stat().st_size <= 300
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 300
