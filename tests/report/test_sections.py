"""What the report says follows from the numbers, and changes with them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patchify.benchmark.cells import GRID, QUICK
from patchify.report.blocks import Figure, Table
from patchify.report.document import PARTS, document
from patchify.report.text import Text
from patchify.study.comparisons import Comparison, Method
from patchify.study.conclusions import Conclusions
from patchify.study.intervals import Interval
from tests.report import made
from tests.report.made import ACCURACIES, section, words


def test_an_empty_folder_gives_all_headings_with_the_commands_that_make_results(tmp_path: Path) -> None:
    report = made.report(tmp_path)
    assert [found.title for found in report.sections][2:] == [part.title for part in PARTS.values()]
    for name in ("baseline", "architectures", "longer", "label_smoothing", "improvements", "warm_restarts", "scaling"):
        said = words(section(report, PARTS[name].title))
        assert said.startswith(f"No results yet: `patchify experiment={name}` trains, `patchify-summarize {name} ")
    assert f"`patchify-gradcheck --out {tmp_path}/gradcheck`" in words(section(report, "Are the gradients right?"))
    assert f"`patchify-benchmark --out {tmp_path}/pytorch`" in words(section(report, "How fast is an update?"))


def test_a_clear_difference_is_said_and_one_that_may_be_chance_is_none(tmp_path: Path) -> None:
    made.study(tmp_path / "architectures", {**ACCURACIES, "arch4": [0.561, 0.563, 0.566]})
    said = words(section(made.report(tmp_path), "Four architectures"))
    assert "highest test accuracy: **arch3**, 59.4 ± 0.9 %, and lowest: **arch1**, 50.0 ± 2.5 %" in said
    assert "arch3 beats arch2 by 3.1 ± 0.1 points (n = 3, p < 0.001)" in said
    assert "arch4 beside arch2, test accuracy: no difference seen (0.0 ± 0.8, n = 3)" in said
    assert "arch1 | 3 | 50.0 ± 2.5" in said
    assert "error bars: 95 % t intervals of the mean" in said


def test_of_single_runs_nothing_is_concluded_but_from_the_images_that_they_got_right(tmp_path: Path) -> None:
    folder = tmp_path / "architectures"
    made.study(folder, {"arch2": [0.560], "arch3": [0.590]})
    said = words(section(made.report(tmp_path), "Four architectures"))
    assert "Nothing may be concluded from the runs' differences: single runs have no spread." in said
    assert "n = 1 seed, no spread" in said
    gain = Interval(mean=0.03, half_width=0.01, n=1)
    on_images = Comparison(name="arch3", method=Method.images, difference=gain, runs=(1, 1), alone=0.0004, p=0.0004)
    written = Conclusions(found=[on_images], column="test_accuracy", baseline="arch2")
    written.numbers().to_csv(folder / "comparisons.csv", index=False)
    said = words(section(made.report(tmp_path), "Four architectures"))
    assert "the one run of arch3 got 3.0 ± 1.0 points more of these images right (n = 1, p < 0.001)" in said
    assert "Seeds were not varied (arch3): other seeds may differ" in said


def test_longer_trainings_are_set_beside_the_short_ones_of_the_same_seeds(tmp_path: Path) -> None:
    made.study(tmp_path / "architectures")
    longer = {"arch2": [0.580, 0.590, 0.584], "arch3": [0.592, 0.596, 0.595]}
    made.study(tmp_path / "longer", longer, updates=80)
    said = words(section(made.report(tmp_path), "Longer training"))
    assert "80 updates in place of the 40 of architectures changed test accuracy" in said
    assert "arch2: +2.2 ± 0.3; arch3: no difference seen (+0.0 ± 0.3)." in said


def test_accuracy_for_time_shows_the_results_of_other_studies_and_says_which_lack(tmp_path: Path) -> None:
    for name, accuracies in (("core_minutes", {"short": [0.7, 0.71]}), ("best", {"all": [0.77, 0.78]})):
        rows = made.study(tmp_path / name, accuracies)
        timed = rows.assign(run_key=name + rows["run_id"], train_cpu_seconds=90.0, test_accuracy_views=0.8)
        timed.to_csv(tmp_path / name / "results.csv", index=False)
    found = section(made.report(tmp_path), "Accuracy for time")
    (chart,) = (block for block in found if isinstance(block, Figure))
    assert all(f"<!-- {label} -->" in chart.svg for label in ("short", "all"))
    assert f"Not in the charts: baseline: there is no {tmp_path}/baseline/results.csv; `patchify-summarize" in words(
        found
    )


def test_short_runs_of_other_images_or_seeds_are_not_set_beside_long_ones(tmp_path: Path) -> None:
    made.study(tmp_path / "architectures", data="cifar10")
    made.study(tmp_path / "longer", updates=80)
    assert "in place of" not in words(section(made.report(tmp_path), "Longer training"))
    made.study(tmp_path / "other" / "architectures", {"arch2": [0.5, 0.6]})
    made.study(tmp_path / "other" / "longer", {"arch2": ACCURACIES["arch2"]}, updates=80)
    said = words(section(made.report(tmp_path / "other"), "Longer training"))
    assert "The runs of architectures can't stand beside these: longer arch2 over shorter arch2 must have" in said


def test_the_overfitting_gap_is_test_loss_less_training_loss(tmp_path: Path) -> None:
    plain, smoothed = (f"arch5 · label_smoothing={epsilon}" for epsilon in (0, 0.1))
    made.study(
        tmp_path / "label_smoothing",
        {plain: [0.65, 0.66, 0.655], smoothed: [0.651, 0.659, 0.656]},
        gaps={plain: 0.9, smoothed: 0.6},
    )
    results = tmp_path / "label_smoothing" / "results.csv"
    table = pd.read_csv(results)
    table["train_loss"] -= np.tile([0.001, 0.002, 0.005], 2) * (1 + (table["run"] == plain))
    table.to_csv(results, index=False)
    blocks = section(made.report(tmp_path), "Label smoothing")
    said = words(blocks)
    assert f"in nats: {plain}: 0.905 ± 0.010; {smoothed}: 0.603 ± 0.005." in said
    assert f"{smoothed} has less overfitting gap than {plain}, by 0.303 ± 0.005 nats (n = 3, p < 0.001)" in said
    assert f"{smoothed} beside {plain}, test accuracy: no difference seen (0.0 ± 0.3, n = 3)" in said
    assert [block.caption.partition(".")[0] for block in blocks if isinstance(block, Figure)] == [
        "Training and test loss with and without label smoothing",
        "Test loss minus training loss",
    ]


def test_gains_are_those_of_the_study(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    means = {"start": 0.6, "with momentum": 0.63, "with dropout": 0.6, "all": 0.7, "without momentum": 0.68}
    runs = {run: (mean + 0.002 * random.normal(size=3)).tolist() for run, mean in means.items()}
    made.study(tmp_path / "improvements", runs)
    said = words(section(made.report(tmp_path), "Improvements"))
    assert "Largest gain in test accuracy (percentage points): added to start alone (momentum, +" in said
    assert "No difference in test accuracy (percentage points) seen, since the interval includes zero: added" in said


def test_a_grid_says_where_the_next_doubling_should_go(tmp_path: Path) -> None:
    made.scaling(tmp_path / "scaling")
    blocks = section(made.report(tmp_path), "Scaling")
    said = words(blocks)
    assert "filters / 40 | 0.196 [" in said
    assert "**The next doubling.** The best setting of the grid, 100 filters, 900 hidden units" in said
    assert len([block for block in blocks if isinstance(block, Figure)]) == 2


@pytest.mark.parametrize(("worst", "verdict"), [(2e-9, "they agree"), (3e-5, "**they do not agree**"), (np.nan, "not")])
def test_wrong_gradients_are_not_called_right(worst: float, verdict: str, tmp_path: Path) -> None:
    made.gradients(tmp_path / "gradcheck", worst)
    blocks = section(made.report(tmp_path), "Are the gradients right?")
    said = words(blocks)
    assert f"The largest relative error is {worst:.1e}, " in said
    assert verdict in said.partition("Relative errors")[0]
    assert "W1 | 2 | 2.0e-10 | " in said
    assert "PyTorch" not in said, "it was not asked"
    assert "2 arrays of the course's debugging file were computed again" in said
    tables = [block for block in blocks if isinstance(block, Table)]
    assert [len(table.rows) for table in tables] == [2, 2]


def test_other_libraries_are_compared_as_they_were_measured(tmp_path: Path) -> None:
    made.speed(tmp_path / "pytorch")
    said = words(section(made.report(tmp_path), "How fast is an update?"))
    assert "PyTorch takes 2.50 times our CPU time (geometric mean of 32 networks)" in said
    assert "16×16 | 160 | 50 | 1,300 | 0.80 | 2.50 | 1.25 | 9.00" in said


def test_a_quick_comparison_has_a_table_and_no_curves(tmp_path: Path) -> None:
    for folder, cells, charts in (("full", GRID, 2), ("quick", QUICK, 0)):
        made.speed(tmp_path / folder / "pytorch", cells)
        blocks = section(made.report(tmp_path / folder), "How fast is an update?")
        assert sum(isinstance(block, Figure) for block in blocks) == charts
        assert [len(block.rows) for block in blocks if isinstance(block, Table)] == [len(cells)]


def test_the_data_set_is_named_with_what_is_known_of_it(tmp_path: Path) -> None:
    notes = Text(data={"42fb3ed1": "It is JPEG-compressed.", "0123": "Another."})
    made.study(tmp_path / "baseline")
    said = words(section(made.report(tmp_path, notes), "Data and numbers"))
    assert said.startswith("All accuracies and losses are of the data set textures.")
    assert "say nothing about CIFAR-10" in said
    made.study(tmp_path / "longer", data="cifar10 (unofficial copy 42fb3ed1)")
    said = words(section(made.report(tmp_path, notes), "Data and numbers"))
    assert "several data sets" in said
    assert "textures in baseline; cifar10 (unofficial copy 42fb3ed1) in longer." in said
    assert "An unofficial copy has other checksums than the files published" in said
    assert "It is JPEG-compressed." in said
    assert "Another." not in said


def test_what_a_person_says_stands_in_its_place(tmp_path: Path) -> None:
    report = made.report(tmp_path, Text(introduction="One.\n\nTwo.", remarks={"longer": "It was worth it."}))
    assert words(section(report, "Introduction")) == "One.\nTwo."
    assert words(section(report, "Longer training")).endswith("It was worth it.")


def test_results_of_before_cycles_and_compute_were_written_down_are_shown_without(tmp_path: Path) -> None:
    made.study(tmp_path / "baseline")
    results = tmp_path / "baseline" / "results.csv"
    pd.read_csv(results).drop(columns=["cycle_ends", "train_flops"]).to_csv(results, index=False)
    assert "arch2 | 3 | 56.3 ± 0.7" in words(section(made.report(tmp_path), "The baseline"))


def test_a_grid_without_compute_is_refused_by_name(tmp_path: Path) -> None:
    made.scaling(tmp_path / "scaling")
    results = tmp_path / "scaling" / "results.csv"
    pd.read_csv(results).drop(columns="train_flops").to_csv(results, index=False)
    _, problems = document(tmp_path, Text())
    assert problems == [f"{results} is from before compute was counted: summarize again"]
