"""The command `patchify-sync`: what waits is listed, sent, and never lost."""

import platform
import re
from pathlib import Path

import pytest

from patchify.journal.folder import RunFolder, run_folders
from patchify.journal.journal import Journal, ending, read
from patchify.store.opening import address_of, open_store
from tests.conftest import Command, Outcome, command
from tests.tracking.runs import a_run, assert_complete, ends, goes_on, stored

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def sync(capsys: pytest.CaptureFixture[str]) -> Command:
    from patchify.commands.sync import main  # noqa: PLC0415

    return command(main, "patchify-sync", capsys)


def test_what_waits_is_listed_sent_and_then_no_longer_listed(sync: Command, made_store: Path) -> None:
    folders = [a_run(made_store, key) for key in ("k1", "k2")]
    for folder in folders:
        goes_on(folder, range(3))
        ends(folder)
    listed = sync("--list")
    assert re.fullmatch(
        r"for local:\n  arch1 · k1 · 5 lines, 2 files since \d{4}-.*\n  arch1 · k2 · 5 lines.*\n", listed.out
    )
    assert sync() == Outcome(
        status=0, out="arch1 · k1 · local · sent\narch1 · k2 · local · sent\n2 sent, 0 left\n", err=""
    )
    for folder in folders:
        assert_complete(open_store(address_of(None, str(made_store))), folder)
    for words in ([], ["--list"]):
        assert sync(*words) == Outcome(status=0, out="nothing is pending\n", err="")


def test_a_folder_that_is_not_there_is_refused_and_not_made(sync: Command, tmp_path: Path) -> None:
    outcome = sync("--folder", "none")
    assert outcome.status == 1
    assert "none is no folder: name the tracking folder of the runs" in outcome.err
    assert sync().out == "nothing is pending\n"
    assert not (tmp_path / "none").exists()


def test_a_store_that_is_gone_is_asked_once_and_the_others_get_theirs(sync: Command, made_store: Path) -> None:
    for key, store in (("k1", NOWHERE), ("k2", NOWHERE), ("k3", "local")):
        a_run(made_store, key, store=store)
    outcome = sync()
    assert outcome.status == 1
    gone, sent, summary = outcome.out.splitlines()
    assert re.search(r"k1 .* left, like all else for that store: .*refused", gone)
    assert sent == "arch1 · k3 · local · sent"
    assert summary == "1 sent, 2 left"


def test_what_waits_is_listed_by_store(sync: Command, made_store: Path) -> None:
    for key, store in (("k1", NOWHERE), ("k2", "local"), ("k3", NOWHERE)):
        a_run(made_store, key, store=store)
    listed = [line.partition(" since")[0] for line in sync("--list").out.splitlines()]
    runs = [f"  arch1 · {key} · 1 lines" for key in ("k1", "k3", "k2")]
    assert listed == [f"for {NOWHERE}:", *runs[:2], "for local:", runs[2]]


def test_a_run_that_was_deleted_in_the_store_is_named_and_left_and_the_others_are_sent(
    sync: Command, made_store: Path
) -> None:
    deleted, other = a_run(made_store, "k1"), a_run(made_store, "k2")
    assert sync().status == 0
    store = open_store(address_of(None, str(made_store)))
    store.client.delete_run(stored(store, deleted).info.run_id)
    for folder in (deleted, other):
        goes_on(folder, [0])
        ends(folder)
    outcome = sync()
    assert outcome.status == 1
    assert "arch1 · k1 · local · left: the run 'arch1 · k1' was deleted in the store" in outcome.out
    assert "arch1 · k2 · local · sent" in outcome.out
    assert_complete(store, other)
    assert "arch1 · k1 · 2 lines, 2 files" in sync("--list").out


def test_damaged_journals_are_named_and_left(sync: Command, made_store: Path) -> None:
    damaged = a_run(made_store, "k1")
    content = damaged.journal.read_bytes().replace(b"Why?", b"How?")
    damaged.journal.write_bytes(content)
    a_run(made_store, "k2")
    outcome = sync()
    assert outcome.status == 1
    assert f"the journal {damaged.journal} is damaged in line 1" in outcome.out
    assert "arch1 · k2 · local · sent" in outcome.out
    assert damaged.journal.read_bytes() == content
    assert sync("--list").status == 1


def test_runs_of_this_host_whose_process_is_gone_are_ended(sync: Command, made_store: Path) -> None:
    gone = a_run(made_store, "gone", host=platform.node())
    alive = a_run(made_store, "alive", host=platform.node())
    elsewhere = a_run(made_store, "elsewhere")
    with alive.held() as held:
        assert held
        outcome = sync()
    assert "arch1 · gone · KILLED: its process ended" in outcome.out
    assert ending(read(alive.journal)) is None
    assert ending(read(elsewhere.journal)) is None
    store = open_store(address_of(None, str(made_store)))
    run = stored(store, gone)
    assert (run.info.status, run.data.tags["failure"]) == ("KILLED", "its process ended")
    assert stored(store, alive).info.status == "RUNNING"


def test_a_run_whose_end_was_cut_off_is_ended(sync: Command, made_store: Path) -> None:
    folder = a_run(made_store, host=platform.node())
    ends(folder)
    folder.journal.write_bytes(folder.journal.read_bytes()[:-1])
    assert "arch1 · k · KILLED: its process ended" in sync().out
    end = ending(read(folder.journal))
    assert end is not None
    assert end.content["reason"] == "its process ended"
    assert "KILLED" not in sync().out


def test_ctrl_c_leaves_the_rest_waiting(sync: Command, made_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_run(made_store)
    with Journal(folder.journal) as journal:
        journal.write("tags", tags={"a": "1"})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("patchify.tracking.delivery._send", interrupt)
        assert sync().status == 130
    assert "1 lines" in sync("--list").out
    assert sync().status == 0


def test_a_folders_runs_are_copied_to_another_store_once(sync: Command, made_store: Path, tmp_path: Path) -> None:
    for key in ("k1", "k2"):
        goes_on(a_run(made_store, key, study="depths" if key == "k2" else "widths"), range(3))
    folder = a_run(made_store, "k3")
    ends(folder)  # not sent yet
    words = ["--from", str(made_store), "--to", f"sqlite:///{tmp_path}/team.db"]
    first = sync(*words)
    assert first.status == 1
    assert "arch1 · k3 · local · sent" in first.out
    assert "widths · arch1 · k3 · copied\n" in first.out
    assert "widths · arch1 · k1 · left: it is still running\n" in first.out
    assert first.out.endswith("1 copied, 0 there already, 2 left\n")
    for key, study in (("k1", "widths"), ("k2", "depths")):
        ends(a_run_again(made_store, key, study))
    assert sync(*words, "--study", "depths").out.endswith("1 copied, 0 there already, 0 left\n")
    again = sync(*words)
    assert (again.status, again.out.splitlines()[-1]) == (0, "1 copied, 2 there already, 0 left")


def a_run_again(tracking: Path, key: str, study: str) -> RunFolder:
    """The folder of a run that was begun before."""
    (folder,) = (found for found in run_folders(tracking) if found.key == key)
    assert read(folder.journal)[0].content["study"] == study
    return folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "mlruns"], "--from FOLDER and --to STORE belong together"),
        (["--study", "widths"], "--from FOLDER and --to STORE belong together"),
        (["--from", "mlruns", "--to", "x", "--list"], "leave --folder and --list out"),
        (["--from", "none", "--to", NOWHERE], "none is no folder"),
        (["--from", "mlruns", "--to", "mlruns"], "are one store: name another with --to"),
        (["--from", "mlruns", "--to", "team"], "team is no store: MLflow keeps none in a plain folder"),
        (["--from", "mlruns", "--to", NOWHERE], "can't be used: .*refused"),
        (["--from", "mlruns", "--to", "sqlite:///team.db", "--study", "width"], "no study width; did you mean widths?"),
    ],
)
def test_what_cannot_be_copied_is_refused(sync: Command, made_store: Path, words: list[str], message: str) -> None:
    folder = a_run(made_store)
    ends(folder)
    outcome = sync(*words)
    assert outcome.status in {1, 2}
    assert re.search(message.replace("?", r"\?"), outcome.err)
    assert "copied" not in outcome.out
