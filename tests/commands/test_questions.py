"""What `patchify-summarize` answers: comparisons with a baseline, and questions of one's own."""

from pathlib import Path

import pandas as pd
import pytest

from patchify.store.opening import address_of, existing_store
from patchify.stored.files import answers_of
from patchify.stored.runs import stored_runs
from tests.conftest import TINY, Command


def test_runs_are_compared_with_the_baseline_that_is_named(summarize: Command, tiny_sweep: Path) -> None:
    outcome = summarize("tiny", "--uri", str(tiny_sweep), "--baseline", "arch1")
    assert outcome.status == 0, outcome.err
    results = pd.read_csv("experiments/tiny/results.csv")
    means = 100 * results.groupby("run")["test_accuracy"].mean()
    readme = Path("experiments/tiny/README.md").read_text()
    assert "| against arch1 | difference in test accuracy (percentage points) | test | n | p | what may be" in readme
    assert f"| arch2 | {means['arch2'] - means['arch1']:+.1f} ± " in readme
    row = pd.read_csv("experiments/tiny/comparisons.csv").loc[0].to_dict()
    assert 100 * row["difference"] == pytest.approx(means["arch2"] - means["arch1"])
    assert r"Student's t, paired & 2 &" in Path("experiments/tiny/comparisons.tex").read_text()
    outcome = summarize("tiny", "--uri", str(tiny_sweep), "--baseline", "arch")
    assert outcome.status == 1
    assert "the baseline must name runs: there are no arch; did you mean arch2?" in outcome.err


def test_single_runs_are_compared_by_their_test_images(patchify: Command, summarize: Command, made_store: Path) -> None:
    assert patchify("-m", *TINY, "study=single", "baseline=arch1", "architecture=arch1,arch2").status == 0
    assert summarize("single").status == 0
    readme = Path("experiments/single/README.md").read_text()
    assert "McNemar's exact test" in readme
    assert "Seeds were not varied" in readme
    store = existing_store(address_of(None, str(made_store)))
    for run in stored_runs(store, "single"):
        assert answers_of(store, run.id).mean() == pytest.approx(run.metrics["test/accuracy"])


def test_a_damaged_file_of_a_run_leaves_the_rest_of_a_summary(
    patchify: Command, summarize: Command, made_store: Path
) -> None:
    assert patchify("-m", *TINY, "study=single", "baseline=arch1", "architecture=arch1,arch2").status == 0
    for path in made_store.rglob("test_probabilities.npz"):
        path.write_bytes(path.read_bytes()[:500])
    assert summarize("single").status == 0
    assert "nothing: single runs have no spread" in Path("experiments/single/README.md").read_text()


def test_a_baseline_that_is_not_there_is_said_and_the_rest_is_written(
    patchify: Command, summarize: Command, made_store: Path
) -> None:
    assert patchify("-m", *TINY, "study=single", "baseline=arch9", "architecture=arch1,arch2").status == 0
    outcome = summarize("single")
    assert outcome.status == 0
    words = "Compared with nothing: the baseline must name runs: there are no arch9; did you mean arch2?"
    assert words in outcome.err
    assert words in Path("experiments/single/README.md").read_text()


def test_a_question_of_ones_own_is_answered(summarize: Command, tiny_sweep: Path) -> None:
    outcome = summarize("tiny", "--uri", str(tiny_sweep), "--metric", "test_loss", "--by", "filter_sizes")
    assert outcome.status == 0, outcome.err
    assert "filter_sizes=[2]: test loss (nats) 2." in outcome.out
    folder = Path("experiments/tiny/test_loss by filter_sizes")
    assert {path.name for path in folder.glob("*.svg")} == {"test_loss.svg"}
    readme = (folder / "README.md").read_text()
    assert "# tiny: test_loss by filter_sizes" in readme
    assert (
        "Runs of a group differ in seed, architecture.filter_counts; those that agree in all of it make pairs."
        in readme
    )

    outcome = summarize("tiny", "--uri", str(tiny_sweep), "--where", "seed=1", "--where", "filter_sizes=[2],[4]")
    assert outcome.status == 0, outcome.err
    assert "arch1: test accuracy (%) " in outcome.out
    results = pd.read_csv("experiments/tiny/where seed=1 and filter_sizes=[2],[4]/results.csv")
    assert results["seed"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--by", "filter_size"], "--by must name a setting of the runs: there is no filter_size; did you mean"),
        (["--where", "seed"], "--where must read KEY=VALUE: got 'seed'; write seed=0,1"),
        (["--where", "seed=7"], "--where seed=7 leaves no run: seed is 0, 1"),
        (["--where", "seed<0,1"], "--where must have one value after <: got 0,1"),
        (["--by", "name"], "--by must name a setting of the runs: there is no name"),
        (
            ["--metric", "test_los"],
            "--metric must name numbers in results.csv: there is no test_los; did you mean test_loss?",
        ),
    ],
)
def test_a_question_that_can_not_be_asked_is_answered_with_what_can(
    words: list[str], answer: str, summarize: Command, tiny_sweep: Path
) -> None:
    outcome = summarize("tiny", "--uri", str(tiny_sweep), *words)
    assert outcome.status == 1
    assert answer in outcome.err
    assert not Path("experiments").exists()
