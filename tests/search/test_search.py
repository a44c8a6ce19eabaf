"""The command `patchify-search`: trials to their end, whatever happens, and a folder that says what they showed."""

import os
import signal
from pathlib import Path

import pandas as pd
import pytest

from patchify.core.training.streams import Streams, streams
from patchify.journal.folder import run_folders
from patchify.journal.journal import ending, read, recorded
from patchify.workers.forking import FORKS
from tests.conftest import Command
from tests.in_store import runs_of
from tests.processes import Started, wait_until
from tests.search.spaces import L2, TWO, written

LONG = "schedule.step_size=1000"
forks = pytest.mark.skipif(not FORKS, reason="processes are not forked here")


def trials(name: str = "tiny") -> pd.DataFrame:
    return pd.read_csv(Path("experiments") / name / "trials.csv")


@pytest.fixture
def store(made_store: Path) -> Path:
    return made_store


def test_a_search_does_not_replace_the_results_of_another_one(search: Command, store: Path) -> None:
    words = written(TWO, sampler="random", trials=1)
    assert search(*words).status == 0
    assert search(*words, "--trials", "2").status == 0
    assert search(*words, "batch_size=25").status == 0
    assert len(trials()) == 2
    (other,) = set(Path("experiments").iterdir()) - {Path("experiments/tiny")}
    assert (Path("mlruns/searches") / other.name).is_dir()
    assert len(pd.read_csv(other / "trials.csv")) == 1
    refused = search(*words, "batch_size=25", "--out", "experiments/tiny")
    assert refused.status == 1
    assert "experiments/tiny holds the results of another search: choose a folder for this one" in refused.err


def test_a_search_ends_with_a_readme_a_table_and_charts(search: Command, store: Path) -> None:
    outcome = search(*written(TWO, sampler="tpe", trials=9))
    assert (outcome.status, outcome.err) == (0, "")
    folder = Path("experiments/tiny")
    charts = {f"{stem}.{suffix}" for stem in ("history", "slices") for suffix in ("svg", "png", "pdf")}
    assert {path.name for path in folder.iterdir()} == charts | {"README.md", "trials.csv"}
    table = trials()
    assert table["state"].tolist() == ["done"] * 9
    best = table.iloc[table["validation_accuracy"].argmax()]
    line = "patchify -m study=best-tiny schedule=cyclic schedule.cycles=2 architecture=arch1 data=textures"
    setting = f"regularizer.l2={best['regularizer.l2']:g} optimizer={best['optimizer']} seed=0,1,2"
    readme = (folder / "README.md").read_text()
    for text in (outcome.out, readme):
        assert line in text
        assert setting in text
    assert f"{100 * best['validation_accuracy']:.2f} ± " in readme
    assert "How much of it?" in readme
    assert "| setting | searched | best | as good | importance |" in readme

    parent, *children = runs_of(store, "search-tiny")
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert len(children) == len({run.data.tags["run_key"] for run in children})


def test_no_trial_sees_a_test_image(search: Command, store: Path) -> None:
    assert search(*written(trials=2)).status == 0
    for run in runs_of(store, "search-tiny")[1:]:
        assert run.data.metrics["validation/accuracy"] >= 0
        assert not [name for name in run.data.metrics if name.startswith("test/")]
        files = store / "artifacts" / "search-tiny" / run.info.run_id / "artifacts"
        assert not list(files.glob("test*"))


def test_the_same_command_makes_nothing_twice_and_more_trials_only_those(search: Command, store: Path) -> None:
    words = written(trials=2)
    search(*words)
    first = trials()
    again = search(*words)
    assert "2 trials, 2 of them made already" in again.out
    assert "of training" not in again.out
    pd.testing.assert_frame_equal(trials(), first)
    more = search(*words, "--trials", "3")
    assert more.out.count("of training") == 1
    pd.testing.assert_frame_equal(trials()[:2], first)
    assert len(runs_of(store, "search-tiny")) == 4, "one parent, three trials"
    (summary,) = [search(*words, "--summary", "--out", "elsewhere")]
    assert summary.status == 0
    assert len(pd.read_csv("elsewhere/trials.csv")) == 3


@pytest.mark.usefixtures("store")
def test_a_changed_base_or_space_is_another_search(search: Command) -> None:
    search(*written(trials=1))
    search(*written(trials=1), "schedule.eta_max=0.2")
    search(*written(L2.replace("1e-5", "1e-4"), trials=1))
    assert len(list(Path("mlruns/searches").iterdir())) == 3
    outcome = search(*written(trials=1), "schedule.eta_max=0.3", "--summary")
    assert outcome.status == 1
    assert "the search tiny has no trials in mlruns/searches/tiny-" in outcome.err


def test_values_that_come_again_are_not_computed_again(search: Command, store: Path) -> None:
    outcome = search(*written("  regularizer.l2: {choices: [0.0, 0.1]}", trials=5), "--workers", "1")
    assert outcome.status == 0
    assert len(runs_of(store, "search-tiny")) == 3, "a parent and two different runs"
    assert outcome.out.count("already done: ") == 3
    assert trials()["state"].tolist() == ["done"] * 5


def test_a_trial_that_diverges_is_counted_and_survived(search: Command, store: Path) -> None:
    outcome = search(*written("  schedule.eta_max: {choices: [0.1, 1e9]}", trials=6))
    assert outcome.status == 0
    table = trials()
    assert set(table["state"]) == {"done", "failed"}
    assert (table["schedule.eta_max"] == 1e9).tolist() == (table["state"] == "failed").tolist()
    failed = int((table["state"] == "failed").sum())
    assert f"6 trials, {6 - failed} done, {failed} failed: best" in outcome.out
    assert "Diverged: " in Path("experiments/tiny/README.md").read_text()
    assert {run.info.status for run in runs_of(store, "search-tiny")} == {"FINISHED", "FAILED"}


def test_a_search_of_which_every_trial_fails_says_so(search: Command, store: Path) -> None:
    outcome = search(*written("  schedule.eta_max: {choices: [1e8, 1e9]}", trials=2))
    assert outcome.status == 1
    assert "no trial of the search tiny has come to its end (2 failed)" in outcome.err


def test_a_pruned_trial_is_killed_says_at_which_update_and_keeps_its_checkpoint(search: Command, store: Path) -> None:
    words = written("  schedule.eta_max: {low: 1e-5, high: 0.5, log: true}", trials=8, pruning=True)
    outcome = search(*words, "schedule.step_size=90", "--workers", "1")
    assert outcome.status == 0
    pruned = trials()[lambda table: table["state"] == "pruned"]
    assert len(pruned) > 0
    assert (pruned["updates"] < 360).all()
    killed = {run.data.tags["run_key"]: run for run in runs_of(store, "search-tiny") if run.info.status == "KILLED"}
    assert set(killed) == set(pruned["run_key"])
    for _, trial in pruned.iterrows():
        assert killed[trial["run_key"]].data.tags["failure"] == f"pruned at update {trial['updates']}"
        assert list(store.glob(f"runs/*/{trial['run_key']}/checkpoint-*.npz"))


@forks
def test_a_worker_that_is_killed_fails_its_trial_and_the_others_go_on(
    search: Command, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(seed: int) -> Streams:
        if not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return streams(seed)

    monkeypatch.setattr("patchify.training.streams", deadly)
    outcome = search(*written(trials=3), "--workers", "1")
    assert outcome.status == 0
    assert trials()["state"].tolist() == ["failed", "done", "done"]
    assert "was killed by SIGKILL" in outcome.err
    assert sorted(run.info.status for run in runs_of(store, "search-tiny")) == [
        "FAILED",
        "FINISHED",
        "FINISHED",
        "FINISHED",
    ]


@forks
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_ended_goes_on_with_the_trials_that_had_begun(number: int, store: Path) -> None:
    words = [*written(trials=3), LONG, "record_every=100", "--workers", "2"]
    started = Started(*words, command="patchify-search")
    wait_until(lambda: sum(len(recorded(read(found.journal))) > 2 for found in run_folders(store)) == 2)
    if number == signal.SIGKILL:
        started.kill_all()
        started.end()
    else:
        started.signal(number)
        outcome = started.end()
        assert outcome.status == {signal.SIGINT: 130, signal.SIGTERM: 143}[signal.Signals(number)]
        assert "the same command again goes on" in outcome.err
        assert "Traceback" not in outcome.err
    outcome = Started(*words, command="patchify-search").end()
    assert outcome.status == 0, outcome
    assert trials()["state"].tolist() == ["done"] * 3
    children = runs_of(store, "search-tiny")[1:]
    assert len(children) == 3, "no trial was drawn anew"
    resumed = [folder for folder in run_folders(store) if any(e.kind == "resumed" for e in read(folder.journal))]
    assert len(resumed) >= 2
    assert all(ending(read(folder.journal)) for folder in resumed)


@forks
def test_two_processes_at_one_search_share_its_trials(store: Path) -> None:
    words = [*written(trials=6), "schedule.step_size=200", "--workers", "1"]
    both = [Started(*words, command="patchify-search") for _ in range(2)]
    outcomes = [process.end() for process in both]
    assert [outcome.status for outcome in outcomes] == [0, 0], outcomes
    assert sum(outcome.out.count("of training") for outcome in outcomes) == 6
    assert len(runs_of(store, "search-tiny")) == 7
