"""The command `patchify` from end to end: how it fails, is interrupted, and is started again."""

import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from mlflow import MlflowClient

from patchify.core.training.records import Record
from patchify.core.training.streams import Streams, streams
from patchify.display.events import Event
from patchify.display.sweep import SweepDisplay
from patchify.journal.folder import run_folders
from patchify.journal.journal import read
from patchify.journal.sent import note, noted, pending
from patchify.store.opening import Store
from patchify.stored.done import finished_runs
from patchify.stored.run import FinishedRun
from tests.conftest import TINY, Command
from tests.in_store import runs_of
from tests.processes import Started, wait_until


@pytest.mark.usefixtures("made_store")
def test_a_job_that_fails_for_an_unforeseen_reason_shows_it(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("patchify.training.he_initialised", broken)
    outcome = patchify(*TINY)
    assert outcome.status == 1
    assert "seed 0, failed" in outcome.err
    assert "KeyError: 'a bug'" in outcome.err, "with its traceback"
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    assert (run.info.status, run.data.tags["failure"]) == ("FAILED", "KeyError: 'a bug'")


@pytest.mark.usefixtures("made_store")
def test_a_run_that_diverges_is_marked_failed_and_the_others_go_on(patchify: Command, tmp_path: Path) -> None:
    outcome = patchify("-m", *TINY, "schedule.eta_max=1e30,0.1")
    assert outcome.status == 1
    assert "training diverged at update" in outcome.err
    assert "1 of 2 runs failed" in outcome.err
    parent, finished, failed = runs_of(tmp_path / "mlruns", "scratch")
    assert (parent.info.status, failed.info.status, finished.info.status) == ("FAILED", "FAILED", "FINISHED")
    assert failed.data.tags["failure"].startswith("Diverged: training diverged at update")
    assert "learning rate" in failed.data.tags["failure"]


def test_options_may_stand_between_overrides(patchify: Command) -> None:
    outcome = patchify("seed=0,1", "-m", *TINY, "--config-dir", "mine", "plan=true")
    assert "mine" in outcome.err, "a folder that there is not"
    outcome = patchify("seed=0,1", "-m", *TINY, "plan=true")
    assert (outcome.status, outcome.err) == (0, "")
    assert "2 of 2 to do" in outcome.out


def test_a_study_that_asks_something_else_of_runs_that_are_done_is_summarized_so(
    patchify: Command, summarize: Command, tmp_path: Path
) -> None:
    assert patchify(*TINY, "study=widths", "question=Why?").status == 0
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "own.yaml").write_text(
        "# @package _global_\nquestion: Why not?\ncharts:\n  bars: {kind: bars, show: [test_loss], title: Mine}\n"
    )
    asked = [*TINY, "--config-dir", "mine", "experiment=own"]
    for study in ("widths", "depths"):  # which has no run of its own
        assert "1 of them done already" in patchify(*asked, f"study={study}").out
        assert summarize(study).status == 0
        assert "\n\nWhy not?\n\n" in Path(f"experiments/{study}/README.md").read_text()
        assert Path(f"experiments/{study}/bars.svg").exists()


@pytest.mark.parametrize(
    ("folder", "text", "message"),
    [
        ("nowhere", "", "--config-dir must be a folder: there is no nowhere; check its path"),
        (
            "mine",
            "# @package _global_\nseed: 1\n study: x\n",
            "mapping values are not allowed here in .*own.yaml.*line 3",
        ),
        ("mine", "seed: 1\n", "experiment's file must begin with the line `# @package _global_`"),
    ],
)
def test_a_file_of_ones_own_that_cannot_be_used_is_named(
    patchify: Command, tmp_path: Path, folder: str, text: str, message: str
) -> None:
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "own.yaml").write_text(text)
    outcome = patchify("--config-dir", folder, "experiment=own", "plan=true")
    assert outcome.status == 2
    assert re.search(message, outcome.err)


@pytest.mark.parametrize("choice", ["recipe=best_quick", "experiment=best_quick"])
def test_an_option_beside_a_recipe_with_other_settings_is_refused_by_its_own_name(
    patchify: Command, choice: str
) -> None:
    outcome = patchify(choice, "schedule=cyclic", "plan=true")
    assert outcome.status == 2
    assert "schedule must not be chosen beside recipe=best_quick, which sets it: got schedule=cyclic" in outcome.err


def test_data_that_cannot_be_had_fail_before_anything_is_stored(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.data.cifar10.URL", "http://127.0.0.1:1/cifar-10-python.tar.gz")
    outcome = patchify(f"data.root={tmp_path / 'empty'}")
    assert outcome.status == 1
    assert str(tmp_path / "empty") in outcome.err
    assert "data=textures" in outcome.err
    assert not (tmp_path / "mlruns").exists()


def test_a_store_that_does_not_answer_costs_no_result(patchify: Command, tmp_path: Path) -> None:
    dead = "tracking.uri=http://ann:secret@127.0.0.1:1"
    outcome = patchify("-m", *TINY, dead, "seed=0,1")
    assert outcome.status == 0
    assert "the store http://127.0.0.1:1 can't be used" in outcome.err
    assert "`patchify-sync` sends" in outcome.err
    assert outcome.out.count(": test accuracy") == 2
    again = patchify("-m", *TINY, dead, "seed=0,1")
    assert again.status == 0
    assert again.out.count("already done: arch2 · textures") == 2, "the journals of this store decide"
    assert "secret" not in outcome.out + outcome.err + again.out + again.err
    assert not any(b"secret" in path.read_bytes() for path in (tmp_path / "mlruns" / "runs").rglob("*.json*"))


@pytest.mark.usefixtures("made_store")
def test_a_sweep_started_again_runs_only_what_is_missing(patchify: Command, tmp_path: Path) -> None:
    assert patchify("-m", *TINY, "seed=0,1").status == 0
    outcome = patchify("-m", *TINY, "seed=0,1,2,3")
    assert outcome.status == 0
    done = [line for line in outcome.out.splitlines() if line.startswith("already done: ")]
    assert [line.partition("seed ")[2][:11] for line in done] == ["0, accuracy", "1, accuracy"]
    assert "study scratch: 4 runs, 2 of them done already" in outcome.out
    names = [run.info.run_name for run in runs_of(tmp_path / "mlruns", "scratch")]
    assert [name[-6:] for name in names] == ["2 runs", "4 runs", "seed 0", "seed 1", "seed 2", "seed 3"]


@pytest.mark.usefixtures("made_store")
def test_only_what_failed_is_tried_again_below_the_same_parent(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(seed: int) -> Streams:
        if seed == 1:
            raise OSError(28, "No space left on device", "somewhere")
        return streams(seed)

    with monkeypatch.context() as patch:
        patch.setattr("patchify.training.streams", broken)
        outcome = patchify("-m", *TINY, "seed=0,1", "hydra.launcher.workers=1")
    assert outcome.status == 1
    row = next(line for line in outcome.err.splitlines() if "patchify.log" in line)
    assert "seed 1" in row
    assert "[Errno 28] No space left on device: 'somewhere'" in row
    assert "1 of 2 runs failed; the same command again tries them again" in outcome.err
    again = patchify("-m", *TINY, "seed=0,1", "hydra.launcher.workers=1")
    assert again.status == 0
    assert again.out.count("already done") == 1
    parent, first, second = runs_of(tmp_path / "mlruns", "scratch")
    assert {run.info.status for run in (parent, first, second)} == {"FINISHED"}
    assert second.data.tags["mlflow.parentRunId"] == parent.info.run_id


@pytest.mark.usefixtures("made_store")
def test_a_run_of_another_study_counts_for_this_one_too(patchify: Command, summarize: Command, tmp_path: Path) -> None:
    assert patchify(*TINY, "study=one").status == 0
    outcome = patchify(*TINY, "study=two")
    assert "already done" in outcome.out
    assert "two: 1 finished runs" in summarize("two").out
    assert [run.info.status for run in runs_of(tmp_path / "mlruns", "one")] == ["FINISHED"]


@pytest.mark.usefixtures("made_store")
def test_a_run_that_was_deleted_in_the_store_is_new_again(patchify: Command, tmp_path: Path) -> None:
    assert patchify(*TINY).status == 0
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    MlflowClient(f"sqlite:///{tmp_path}/mlruns/mlflow.db").delete_run(run.info.run_id)
    assert "already done" not in patchify(*TINY).out
    assert len(runs_of(tmp_path / "mlruns", "scratch")) == 1


@pytest.mark.usefixtures("made_store")
def test_a_run_that_was_deleted_before_all_of_it_was_sent_counts_and_what_to_do_is_said(
    patchify: Command, tmp_path: Path
) -> None:
    assert patchify(*TINY).status == 0
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    (folder,) = run_folders(tmp_path / "mlruns")
    sent = noted(folder, read(folder.journal))
    sent.lines -= 1  # as if the end had not been sent
    note(folder, sent)
    MlflowClient(f"sqlite:///{tmp_path}/mlruns/mlflow.db").delete_run(run.info.run_id)
    outcome = patchify(*TINY)
    assert (outcome.status, outcome.out.count("already done")) == (0, 1)
    assert f"patchify: the run {run.info.run_name!r} was deleted in the store" in outcome.err
    assert pending(folder) is not None
    assert "already done" not in patchify(*TINY, "rerun=true").out
    assert len(runs_of(tmp_path / "mlruns", "scratch")) == 1
    assert [found.lines for folder in run_folders(tmp_path / "mlruns") if (found := pending(folder))] == [1]


@pytest.mark.usefixtures("made_store")
def test_ctrl_c_marks_the_run_killed(tmp_path: Path) -> None:
    started = Started(*TINY, "schedule.step_size=30000")
    wait_until(lambda: "update 0/" in started.out.read_text())  # the first record
    started.signal(signal.SIGINT)
    time.sleep(0.05)
    started.signal(signal.SIGINT)  # an impatient second press must not leave a run RUNNING
    outcome = started.end()
    assert outcome.status == 130
    assert "interrupted" in outcome.err
    assert "Traceback" not in outcome.err
    (run,) = runs_of(tmp_path / "mlruns", "scratch")
    assert run.info.status == "KILLED"
    assert run.data.metrics["test/accuracy"] > 0, "what it had recorded was sent"


@pytest.mark.usefixtures("made_store")
def test_what_another_process_finishes_while_one_asks_is_not_computed_again(
    patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def ask_slowly(store: Store, keys: Sequence[str]) -> dict[str, FinishedRun]:
        known = finished_runs(store, keys)
        asked.append(known)
        if len(asked) == 1:
            assert Started(*TINY).end().status == 0
        return known

    monkeypatch.setattr("patchify.sweep.tracked.finished_runs", ask_slowly)
    assert "already done" in patchify(*TINY).out
    assert len(runs_of(tmp_path / "mlruns", "scratch")) == 1


@pytest.mark.usefixtures("made_store")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_the_last_record_ends_the_sweep_too(
    number: signal.Signals, status: int, patchify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_the_last(display: SweepDisplay, run: int, event: Event) -> None:
        if isinstance(event, Record) and event.step == 24:
            signal.raise_signal(number)

    monkeypatch.setattr(SweepDisplay, "show", at_the_last)
    outcome = patchify("-m", *TINY, "seed=0,1", "hydra.launcher.workers=1")
    assert outcome.status == status
    assert [run.info.status for run in runs_of(tmp_path / "mlruns", "scratch")] == ["KILLED", "KILLED"]


@pytest.mark.usefixtures("made_store")
def test_a_damaged_journal_fails_its_own_run_alone(patchify: Command, tmp_path: Path) -> None:
    assert patchify("-m", *TINY, "seed=0,1").status == 0
    journal = min(path for path in tmp_path.rglob("journal.jsonl") if b'"run_key"' in path.read_bytes())
    content = journal.read_bytes()
    journal.write_bytes(content.replace(b"train/loss", b"train/lost", 1))
    outcome = patchify("-m", *TINY, "seed=0,1", "rerun=true", "hydra.launcher.workers=1")
    assert outcome.status == 1
    assert f"the journal {journal} is damaged in line" in outcome.err
    assert "1 of 2 runs failed" in outcome.err
    journal.unlink()
    assert patchify("-m", *TINY, "seed=0,1", "rerun=true", "hydra.launcher.workers=1").status == 0
