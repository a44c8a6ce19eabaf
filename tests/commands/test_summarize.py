"""The command `patchify-summarize`, on a small finished sweep."""

import shutil
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest

from patchify.journal.folder import LOCAL, run_folder
from patchify.journal.sent import noted
from patchify.store.opening import address_of, existing_store
from patchify.stored.runs import stored_runs
from patchify.tracking.run import TrackedRun
from patchify.tracking.studies import also_in
from tests.conftest import TINY, Command


def test_a_study_becomes_tables_charts_and_a_readme(summarize: Command, tiny_sweep: Path) -> None:
    outcome = summarize("tiny", "--uri", str(tiny_sweep))
    assert outcome.status == 0
    assert "tiny: 4 finished runs" in outcome.out
    folder = Path("experiments") / "tiny"
    stems = ("test_accuracy", "train_seconds", "loss")
    charts = {f"{stem}.{suffix}" for stem in stems for suffix in ("svg", "png", "pdf")}
    assert {path.name for path in folder.iterdir()} == charts | {
        "README.md",
        *(f"{name}.csv" for name in ("results", "history", "summary")),
        "summary.tex",
    }

    results = pd.read_csv(folder / "results.csv")
    assert list(results.columns) == [
        *("run_id", "run_key", "data", "run", "architecture.filter_counts", "architecture.filter_sizes", "seed"),
        *("updates", "cycle_ends", "train_flops", "train_loss", "train_accuracy", "validation_accuracy", "test_loss"),
        *("test_accuracy", "train_seconds", "train_cpu_seconds"),
    ]
    assert results["seed"].tolist() == [0, 1, 0, 1]
    assert (results["updates"] == 24).all()
    assert results["test_accuracy"].between(0, 1).all()
    assert (results["train_seconds"] > 0).all()

    summary = pd.read_csv(folder / "summary.csv", index_col="run")
    groups = results.groupby("run")["test_accuracy"]
    np.testing.assert_allclose(summary["test_accuracy"], groups.mean())
    np.testing.assert_allclose(summary["test_accuracy_deviation"], groups.std())
    assert (summary["n"] == 2).all()

    history = pd.read_csv(folder / "history.csv")
    assert len(history) == 4 * 13
    last = history[history["step"] == 24]
    assert last["test/accuracy"].tolist() == results["test_accuracy"].tolist()

    readme = (folder / "README.md").read_text()
    means = results.groupby("run")["test_accuracy"].mean() * 100
    for mean in means:
        assert f"| 2 | {mean:.1f} ± " in readme
        assert f" & 2 & {mean:.1f} $\\pm$ " in (folder / "summary.tex").read_text()
    assert "Data: textures." in readme


def test_summarizing_twice_gives_the_same_files(summarize: Command, tiny_sweep: Path) -> None:
    summarize("tiny", "--uri", str(tiny_sweep), "--out", "first")
    summarize("tiny", "--uri", str(tiny_sweep), "--out", "second")
    names = sorted(path.name for path in Path("first").iterdir())
    assert len(names) == 14
    for name in names:
        assert (Path("first") / name).read_bytes() == (Path("second") / name).read_bytes(), name


def test_a_note_stands_under_the_table_and_the_charts(summarize: Command, tiny_sweep: Path) -> None:
    summarize("tiny", "--uri", str(tiny_sweep), "--note", "a few hundred only")
    assert "Data: textures, a few hundred only." in Path("experiments/tiny/README.md").read_text()


def test_an_unknown_study_is_answered_with_those_there_are(summarize: Command, tiny_sweep: Path) -> None:
    outcome = summarize("tinny", "--uri", str(tiny_sweep))
    assert outcome.status == 1
    assert "holds no study tinny; there are: tiny" in outcome.err
    assert not Path("experiments").exists()


def test_without_a_store_nothing_is_made(summarize: Command, tmp_path: Path) -> None:
    outcome = summarize("tiny")
    assert outcome.status == 1
    assert "no store at" in outcome.err
    assert list(tmp_path.iterdir()) == []


def a_run(tags: dict[str, str], study: str = "widths") -> TrackedRun:
    header = {"store": LOCAL, "study": study, "name": "arch1 · seed 0", "description": "", "parent": None}
    widths = {f"architecture.{name}": "[4]" for name in ("filter_sizes", "filter_counts", "hidden")}
    rates = {"schedule": "constant", "schedule.eta": "0.1", "schedule.updates": "100"}
    params = {"seed": "0", "threads": "1", "batch_size": "100", **widths, **rates}
    folder = run_folder(Path("mlruns"), LOCAL, uuid4().hex)
    return TrackedRun(folder, Path("mlruns"), {**header, "params": params, "tags": tags})


def record(
    *,
    key: str,
    files: Path,
    data: str = "textures",
    digest: str = "abc",
    accuracy: float = 0.5,
    views: float | None = None,
    study: str = "widths",
    label: str = "arch1",
) -> TrackedRun:
    """A finished run; views: its accuracy over them, if it has one."""
    tags = {"run_key": key, "label": label, "data": data, "data.digest": digest, "data.official": "True"}
    with a_run(tags, study) as run:
        scores = dict.fromkeys(("train/loss", "test/loss", "train/accuracy", "validation/accuracy"), 0.5)
        over_views = {} if views is None else {"test/accuracy_views": views}
        run.log_metrics(
            {**scores, **over_views, "test/accuracy": accuracy, "train/seconds": 1.0, "train/cpu_seconds": 1.0}, step=10
        )
        shutil.copytree(files, run.folder.artifacts)
    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "config.yaml").write_text("charts: {}\n")
    return folder


def test_an_accuracy_over_views_is_a_column_where_some_run_has_one(
    summarize: Command, made_store: Path, files: Path
) -> None:
    record(key="k", files=files)
    summarize("widths")
    assert "test_accuracy_views" not in pd.read_csv("experiments/widths/results.csv")
    record(key="l", files=files, views=0.75)
    summarize("widths")
    assert pd.read_csv("experiments/widths/results.csv")["test_accuracy_views"].dropna().tolist() == [0.75]
    readme = Path("experiments/widths/README.md")
    assert "over views" not in readme.read_text(), "the other run lacks it"
    record(key="k", files=files, views=0.25)
    summarize("widths")
    assert "| test accuracy (%) | test accuracy over views (%) |" in readme.read_text()


def test_the_newest_run_of_a_key_counts_and_the_others_are_said_to_be_left_out(
    summarize: Command, made_store: Path, files: Path
) -> None:
    record(key="k", accuracy=0.1, files=files)
    newest = record(key="k", accuracy=0.9, files=files)
    outcome = summarize("widths")
    assert "widths: 1 finished runs; left out: 1 older of the same run key" in outcome.out
    assert pd.read_csv("experiments/widths/results.csv")["run_id"].tolist() == [
        noted(newest.folder, newest.journal.entries).run
    ]


def test_runs_that_did_not_finish_are_left_out_and_said_so(summarize: Command, made_store: Path, files: Path) -> None:
    record(key="k", files=files)
    with pytest.raises(KeyboardInterrupt):
        _interrupted()
    outcome = summarize("widths")
    assert "widths: 1 finished runs; left out: 1 killed (arch1)" in outcome.out


def _interrupted() -> None:
    with a_run({"run_key": "other", "label": "arch1"}):
        raise KeyboardInterrupt


def test_a_study_with_no_finished_run_says_what_there_is(summarize: Command, made_store: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupted()
    outcome = summarize("widths")
    assert outcome.status == 1
    assert "no finished runs of widths (left out: 1 killed (arch1)): train first" in outcome.err


def test_runs_of_several_data_sets_are_never_mixed(summarize: Command, made_store: Path, files: Path) -> None:
    record(key="k", files=files)
    record(key="l", data="cifar10", digest="def", files=files)
    outcome = summarize("widths")
    assert outcome.status == 1
    assert "several data sets (cifar10 def: 1 runs; textures abc: 1 runs): choose one with --data" in outcome.err
    chosen = summarize("widths", "--data", "cifar10")
    assert "widths: 1 finished runs; left out: 1 of other data sets" in chosen.out
    assert pd.read_csv("experiments/widths/results.csv")["data"].tolist() == ["cifar10"]


def test_data_sets_of_one_name_but_different_images_are_never_mixed(
    summarize: Command, made_store: Path, files: Path
) -> None:
    record(key="k", digest="abc", files=files)
    record(key="l", digest="def", files=files)
    assert "several data sets (textures abc: 1 runs; textures def: 1 runs)" in summarize("widths").err
    assert summarize("widths", "--data", "de").status == 0


def test_a_chart_that_shows_what_there_is_not_is_refused_by_name(
    summarize: Command, made_store: Path, files: Path
) -> None:
    (files / "config.yaml").write_text("charts: {odd: {kind: bars, show: [beauty], title: Beauty}}\n")
    record(key="k", files=files)
    outcome = summarize("widths")
    assert outcome.status == 1
    assert "the chart odd shows beauty, but there are only run_id" in outcome.err


@pytest.mark.usefixtures("made_store")
def test_recipes_are_compared_by_the_gains_of_runs_of_the_same_seed(
    patchify: Command, summarize: Command, tmp_path: Path
) -> None:
    study = tmp_path / "mine" / "experiment" / "dropped.yaml"
    study.parent.mkdir(parents=True)
    study.write_text("""# @package _global_
study: dropped
charts: {gains: {kind: gains, show: [test_accuracy], pairs: {added: with * over start}, title: Gains}}
""")
    sweep = ["recipe=start,with/dropout,with/flip_shift", "seed=0,1", "architecture.hidden=[20]"]
    assert patchify("--config-dir", "mine", "-m", *TINY, "experiment=dropped", *sweep).status == 0
    outcome = summarize("dropped")
    assert outcome.status == 0, outcome.err
    results = pd.read_csv("experiments/dropped/results.csv")
    assert set(results["run"]) == {"start", "with dropout", "with flip shift"}
    means = 100 * results.groupby("run")["test_accuracy"].mean()
    readme = Path("experiments/dropped/README.md").read_text()
    for name in ("dropout", "flip shift"):
        assert f"| with {name} over start | 2 | {means[f'with {name}'] - means['start']:+.1f} ± " in readme
    assert "Largest gain in test accuracy (percentage points): added (" in readme
    assert Path("experiments/dropped/gains.svg").exists()


MINUTES = "charts: {minutes: {kind: core_minutes, show: [test_accuracy], title: Minutes, further: [%s]}}\n"


def test_a_chart_of_core_minutes_shows_the_results_of_further_studies(
    summarize: Command, made_store: Path, files: Path
) -> None:
    record(key="k", study="other", accuracy=0.25, files=files)
    assert summarize("other").status == 0
    (files / "config.yaml").write_text(MINUTES % "other, longer")
    record(key="l", files=files)
    outcome = summarize("widths")
    absent = "longer: there is no experiments/longer/results.csv; `patchify-summarize longer --out experiments/longer`"
    assert f"The charts lack {absent} writes it." in outcome.err
    assert "<!-- arch1 (other) -->" in Path("experiments/widths/minutes.svg").read_text()
    readme = Path("experiments/widths/README.md").read_text()
    assert "The charts show further studies, too: [other](../other/results.csv), n = 1." in readme
    assert absent in readme


def test_charts_are_those_that_the_runs_on_the_chosen_data_were_made_with(
    summarize: Command, made_store: Path, files: Path
) -> None:
    (files / "config.yaml").write_text("charts: {mine: {kind: bars, show: [test_loss], title: Mine}}\n")
    record(key="k", files=files)
    (files / "config.yaml").write_text("charts: {newer: {kind: bars, show: [test_loss], title: Newer}}\n")
    record(key="l", data="cifar10", digest="def", files=files)
    assert summarize("widths", "--data", "textures").status == 0
    assert Path("experiments/widths/mine.svg").exists()
    assert not Path("experiments/widths/newer.svg").exists()


def test_a_run_that_two_studies_share_counts_once(summarize: Command, made_store: Path, files: Path) -> None:
    record(key="k", study="other", files=files)
    (files / "config.yaml").write_text("runs_of: [other]\n")
    record(key="l", files=files)
    store = existing_store(address_of(None, str(made_store)))
    also_in(store, stored_runs(store, "other")[0].id, "widths")
    assert "widths: 2 finished runs\n" in summarize("widths").out


def test_charts_are_drawn_again_from_the_folder_alone(summarize: Command, tiny_sweep: Path, tmp_path: Path) -> None:
    from patchify.config.catalog import study  # noqa: PLC0415
    from patchify.study.drawing import draw  # noqa: PLC0415
    from patchify.study.results import Tables  # noqa: PLC0415

    summarize("tiny", "--uri", str(tiny_sweep))
    folder = Path("experiments/tiny")
    results, history = (pd.read_csv(folder / file) for file in ("results.csv", "history.csv"))
    tables = Tables(results=results, history=history, about="textures")
    for stem, chart in study("tiny", "").charts.items():
        for path in draw(chart, tables, tmp_path / "again" / stem):
            assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_a_study_of_one_run_needs_no_sweep(patchify: Command, summarize: Command, made_store: Path) -> None:
    assert patchify(*TINY, "study=one").status == 0
    outcome = summarize("one")
    assert outcome.status == 0
    assert "| 1 | " in Path("experiments/one/README.md").read_text()
