"""What a sweep has left in its store and in a study's folder, as data frames and networks."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import patchify
from patchify.api import stored
from patchify.store import StoreError
from patchify.study import ResultsError, runs
from tests.conftest import Command
from tests.in_store import runs_of


def test_a_store_and_a_study_s_folder_hold_the_same(tiny_sweep: Path, summarize: Command) -> None:
    assert summarize("tiny", "--uri", str(tiny_sweep)).status == 0
    for read in (patchify.results, patchify.histories):
        pd.testing.assert_frame_equal(read("tiny", uri=str(tiny_sweep)), read("experiments/tiny"))
    assert patchify.results(Path("experiments/tiny"))["run"].tolist() == ["arch1", "arch1", "arch2", "arch2"]


def test_mlruns_is_the_store_unless_the_environment_names_another(
    tiny_sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match=r"no store at .*/mlruns/mlflow.db: train first"):
        patchify.results("tiny")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tiny_sweep))
    assert len(patchify.results("tiny")) == 4


def test_a_study_or_data_set_that_is_not_there_is_refused(tiny_sweep: Path) -> None:
    with pytest.raises(ResultsError, match="holds no study tin; there are: tiny"):
        patchify.histories("tin", uri=str(tiny_sweep))
    with pytest.raises(ResultsError, match="no finished runs of tiny on cifar10"):
        patchify.results("tiny", data="cifar10", uri=str(tiny_sweep))


def test_a_folder_without_results_is_refused() -> None:
    remedy = "give a folder that patchify-summarize wrote"
    for read, name in ((patchify.results, "results.csv"), (patchify.histories, "history.csv")):
        with pytest.raises(FileNotFoundError, match=f"there is no some/folder/{name}; {remedy}"):
            read("some/folder")


def test_runs_that_do_not_count_are_named(tiny_sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = runs.counted

    def one_failed(*words: Any) -> Any:
        study, found, _ = counted(*words)
        return study, found, ["1 failed (arch9)"]

    monkeypatch.setattr(stored, "counted", one_failed)
    with pytest.warns(UserWarning, match=r"left out of tiny: 1 failed \(arch9\)") as warned:
        patchify.results("tiny", uri=str(tiny_sweep))
    assert warned[0].filename == __file__, "the line that asked for results is shown"


def test_the_best_network_is_that_of_the_run_with_the_best_test_accuracy(tiny_sweep: Path) -> None:
    best = max(runs_of(tiny_sweep, "tiny"), key=lambda run: run.data.metrics.get("test/accuracy", 0))
    network = patchify.load("best:tiny", uri=str(tiny_sweep))
    assert network.parameters.digest() == best.data.tags["parameters_sha256"]
    assert patchify.load(best.info.run_id[:8], uri=str(tiny_sweep)).parameters.digest() == network.parameters.digest()


def test_a_loaded_network_is_evaluated_as_it_was(tiny_sweep: Path) -> None:
    results = patchify.results("tiny", uri=str(tiny_sweep))
    network = patchify.load("best:tiny", uri=str(tiny_sweep))
    scores = patchify.evaluate(network, patchify.textures(train=300, test=100, validation=50))
    assert scores.accuracy.test == pytest.approx(results["test_accuracy"].max())
