"""A store has all that a journal says, once, however often it was told."""

import errno
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from patchify.journal.journal import DamagedJournal, Journal, read
from patchify.journal.sent import Sent, note, pending
from patchify.store import RunDeleted, StoreError
from patchify.store.address import private, public
from patchify.store.opening import Store, disconnect
from patchify.stored.runs import study_names
from patchify.tracking.delivery import PARENT, deliver
from tests.tracking.runs import a_run, assert_complete, ends, goes_on, history, sent, stored, written


def in_a_fork(work: Callable[[], None]) -> int | None:
    """Exit status of a process that does this, and may be killed by it."""
    disconnect()
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(60)
    return process.exitcode


def test_a_finished_run_arrives_as_its_journal_tells(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    goes_on(folder, range(3))
    ends(folder)
    deliver(folder, made_store)
    assert_complete(local, folder)
    run = stored(local, folder)
    first, *_, last = read(folder.journal)
    assert (run.info.start_time, run.info.end_time) == (first.time, last.time)
    assert run.info.run_name == "arch1 · k"
    assert run.data.tags["mlflow.note.content"] == "Why?"
    assert run.data.tags["run_key"] == "k"
    assert "failure" not in run.data.tags
    assert pending(folder) is None


def test_what_was_sent_is_not_sent_again_and_what_is_new_is(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    for steps in (range(2), range(2, 5)):
        goes_on(folder, steps)
        deliver(folder, made_store)
        deliver(folder, made_store)
        assert history(local, stored(local, folder)) == written(folder)
    assert stored(local, folder).info.status == "RUNNING"


def test_numbers_that_are_none_arrive_once_too(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    with Journal(folder.journal) as journal:
        journal.write("metrics", step=0, metrics={"train/loss": float("nan"), "train/cost": float("inf")})
    deliver(folder, made_store)
    note(folder, Sent(journal=sent(folder).journal))
    deliver(folder, made_store)
    run = stored(local, folder)
    assert str(history(local, run, "train/loss")[0][2]) == "nan"
    assert history(local, run, "train/cost")[0][2] > 1e308
    assert len(history(local, run, "train/loss") + history(local, run, "train/cost")) == 2


def test_more_metrics_settings_and_tags_than_mlflow_takes_at_once_arrive(local: Store, made_store: Path) -> None:
    settings = {f"p{number}": "1" for number in range(150)}
    folder = a_run(made_store, params=settings)
    goes_on(folder, range(1100))
    with Journal(folder.journal) as journal:
        journal.write("tags", tags={f"t{number}": "1" for number in range(150)})
    deliver(folder, made_store)
    run = stored(local, folder)
    assert run.data.params == settings
    assert history(local, run) == written(folder)
    assert run.data.tags["t149"] == "1"


def test_a_run_that_goes_on_after_its_end_is_running_again_in_the_same_place(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    goes_on(folder, [0])
    with Journal(folder.journal) as journal:
        journal.write("end", status="KILLED", reason="interrupted", tags={})
    deliver(folder, made_store)
    before = stored(local, folder)
    assert (before.info.status, before.data.tags["failure"]) == ("KILLED", "interrupted")
    with Journal(folder.journal) as journal:
        journal.write("resumed", tags={"host": "other"})
    deliver(folder, made_store)
    after = stored(local, folder)
    assert (after.info.status, after.data.tags["failure"], after.data.tags["host"]) == ("RUNNING", "", "other")
    goes_on(folder, [1])
    ends(folder)
    deliver(folder, made_store)
    assert_complete(local, folder)
    assert stored(local, folder).info.run_id == before.info.run_id


def test_files_wait_for_the_end_of_the_run(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    folder.artifacts.mkdir()
    (folder.artifacts / "config.yaml").write_text("half a fi")
    goes_on(folder, [0])
    deliver(folder, made_store)
    assert local.client.list_artifacts(stored(local, folder).info.run_id) == []
    assert pending(folder) is not None
    ends(folder)
    deliver(folder, made_store)
    assert_complete(local, folder)


def test_files_that_an_earlier_end_left_wait_for_the_next(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    ends(folder, "KILLED", "its process ended")
    with Journal(folder.journal) as journal:
        journal.write("resumed", tags={})
    deliver(folder, made_store)
    assert local.client.list_artifacts(stored(local, folder).info.run_id) == []
    ends(folder)
    deliver(folder, made_store)
    assert_complete(local, folder)


def test_a_sweep_is_made_known_before_its_runs(local: Store, made_store: Path) -> None:
    sweep = a_run(made_store, "sweep", tags={})
    goes_on(sweep, [0])
    runs = [a_run(made_store, f"k{number}", parent="sweep") for number in range(2)]
    for folder in runs:
        deliver(folder, made_store)
        assert stored(local, folder).data.tags[PARENT] == stored(local, sweep).info.run_id
    assert sent(sweep).lines == 1
    deliver(sweep, made_store)
    assert history(local, stored(local, sweep)) == written(sweep)


@pytest.mark.parametrize("number", [1, 2, 3, 6])
def test_a_kill_between_sending_and_noting_it_leaves_nothing_twice(
    local: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder = a_run(made_store)
    goes_on(folder, range(600))
    with Journal(folder.journal) as journal:
        journal.write("resumed", tags={})
    goes_on(folder, range(600, 605))
    ends(folder)
    left = number
    rename = Path.replace

    def rename_or_die(path: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(9)
        return rename(path, target)

    def deliver_and_die() -> None:
        monkeypatch.setattr(Path, "replace", rename_or_die)
        deliver(folder, made_store)

    assert in_a_fork(deliver_and_die) == 9, "it came to the rename"
    assert pending(folder) is not None
    deliver(folder, made_store)
    assert_complete(local, folder)


def test_a_run_that_was_made_twice_is_one_at_its_end(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    deliver(folder, made_store)
    identity = sent(folder).journal
    local.client.create_run(sent(folder).experiment, tags={"journal": identity})
    goes_on(folder, [0])
    ends(folder)
    deliver(folder, made_store)
    assert_complete(local, folder)
    assert stored(local, folder).info.run_id == sent(folder).run


@pytest.mark.parametrize("content", ["", '{"jour', "[1]", '{"journal": "of an earlier run", "run": "r", "lines": 3}'])
def test_a_note_that_is_cut_or_of_another_run_is_not_believed(local: Store, made_store: Path, content: str) -> None:
    folder = a_run(made_store)
    goes_on(folder, [0])
    deliver(folder, made_store)
    folder.sent.write_text(content)
    ends(folder)
    deliver(folder, made_store)
    assert_complete(local, folder)


def test_a_damaged_journal_is_refused_and_nothing_of_it_is_sent(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    folder.journal.write_bytes(folder.journal.read_bytes().replace(b"Why?", b"How?"))
    with pytest.raises(DamagedJournal):
        deliver(folder, made_store)
    assert study_names(local) == []


def test_a_deleted_study_is_an_error_that_says_what_to_do_and_what_waits(local: Store, made_store: Path) -> None:
    local.client.delete_experiment(local.experiment("widths"))
    folder = a_run(made_store)
    with pytest.raises(StoreError, match=r"'widths' was deleted .* restore it there"):
        deliver(folder, made_store)
    assert pending(folder) is not None


def delete(store: Store, run: str, *, for_good: bool) -> None:
    """Delete a run; for good: as `mlflow gc` does."""
    store.client.delete_run(run)
    if for_good:
        store.client._tracking_client.store._hard_delete_run(run)


in_both_ways = pytest.mark.parametrize("for_good", [False, True], ids=["deleted", "deleted for good"])


@in_both_ways
def test_a_run_that_was_deleted_is_an_error_that_names_it_and_says_what_to_do(
    local: Store, made_store: Path, for_good: bool
) -> None:
    folder = a_run(made_store)
    deliver(folder, made_store)
    delete(local, sent(folder).run, for_good=for_good)
    goes_on(folder, [0])
    ends(folder)
    said = rf"the run 'arch1 · k' was deleted in the store .*: restore it .* rerun=true; what waits in {folder.path}"
    with pytest.raises(RunDeleted, match=said):
        deliver(folder, made_store)
    unsent = pending(folder)
    assert unsent is not None
    assert (unsent.lines, unsent.files) == (2, 2)


def test_a_run_that_was_deleted_and_restored_gets_the_rest(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    deliver(folder, made_store)
    local.client.delete_run(sent(folder).run)
    ends(folder)
    with pytest.raises(RunDeleted):
        deliver(folder, made_store)
    local.client.restore_run(sent(folder).run)
    deliver(folder, made_store)
    assert stored(local, folder).info.status == "FINISHED"
    assert pending(folder) is None


@in_both_ways
def test_a_run_that_was_deleted_and_then_goes_on_is_a_new_one_with_all_its_history(
    local: Store, made_store: Path, for_good: bool
) -> None:
    folder = a_run(made_store)
    goes_on(folder, range(3))
    deliver(folder, made_store)
    before = sent(folder).run
    delete(local, before, for_good=for_good)
    with Journal(folder.journal) as journal:
        journal.write("resumed", tags={})
    goes_on(folder, range(3, 5))
    ends(folder)
    deliver(folder, made_store)
    assert_complete(local, folder)
    assert sent(folder).run != before


def test_a_full_disk_is_an_error_of_the_file_and_after_it_all_arrives(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    deliver(folder, made_store)
    goes_on(folder, range(600))
    ends(folder)
    large = folder.artifacts / "parameters.npz"
    large.write_bytes(bytes(3_000_000))

    def deliver_with_room(limit: int, number: int, file: Path) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with pytest.raises(OSError, match="make room and start again") as raised:
            deliver(folder, made_store)
        assert (raised.value.errno, raised.value.filename) == (number, str(file))

    assert in_a_fork(lambda: deliver_with_room(50_000, errno.EIO, made_store / "mlflow.db")) == 0
    assert in_a_fork(lambda: deliver_with_room(2_000_000, errno.EFBIG, large)) == 0
    assert large.stat().st_size == 3_000_000
    large.unlink()
    deliver(folder, made_store)
    assert_complete(local, folder)


def test_passwords_are_taken_from_the_environment_for_the_same_store_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "https://ann:p@ss@mlflow.example.org/team"
    assert public(secret) == "https://mlflow.example.org/team"
    assert public("postgresql://host/runs?user=ann&password=p&x=1") == "postgresql://host/runs?user=ann&password=&x=1"
    assert public("sqlite:////a@b/mlflow.db") == "sqlite:////a@b/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", secret)
    assert private("https://mlflow.example.org/team") == secret
    assert private("https://mlflow.example.org/other") == "https://mlflow.example.org/other"
