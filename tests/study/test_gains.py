"""Gains are differences between runs of the same seed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patchify.config.schema import Chart, ChartKind
from patchify.study import ResultsError
from patchify.study.drawing import draw
from patchify.study.gain_table import gain_lines
from patchify.study.gains import Pair, deviation, differences, gains, matching
from patchify.study.results import Tables

NAMES = ["all", "start", "with a", "with b c", "without a", "without b c"]

ACCURACIES = {
    "start": [0.60, 0.62, 0.64],
    "with a": [0.63, 0.65, 0.67],
    "with b": [0.61, 0.61, 0.64],
    "with c": [0.61, 0.63, 0.66],
}


def results(**changed: list[float]) -> pd.DataFrame:
    """A run for each seed and recipe; those with `a` take ten seconds more."""
    return pd.DataFrame(
        {"run": run, "seed": seed, "test_accuracy": accuracy, "train_seconds": 40.0 + 10 * (run == "with a")}
        for run, accuracies in {**ACCURACIES, **changed}.items()
        for seed, accuracy in enumerate(accuracies)
    )


def chart(show: str = "test_accuracy", pattern: str = "with * over start") -> Chart:
    return Chart(kind=ChartKind.gains, show=[show], title="Gains", pairs={"added": pattern})


@pytest.mark.parametrize(
    ("pattern", "pairs"),
    [
        ("with * over start", ["a: with a over start", "b c: with b c over start"]),
        ("all over without *", ["a: all over without a", "b c: all over without b c"]),
        ("with * over without *", ["a: with a over without a", "b c: with b c over without b c"]),
        ("all over start", ["all: all over start"]),
        ("* over with a", [f"{name}: {name} over with a" for name in NAMES if name != "with a"]),
        ("with a over nothing", []),
    ],
)
def test_a_pattern_pairs_runs_and_labels_them_by_what_its_star_stands_for(pattern: str, pairs: list[str]) -> None:
    assert [f"{pair.label}: {pair}" for pair in matching(NAMES, pattern)] == pairs


def test_gains_are_means_of_differences_by_seed_the_largest_first() -> None:
    found = gains(results(), "test_accuracy", "with * over start")
    assert [pair.label for pair in found] == ["a", "c", "b"]
    assert [gain.mean for gain in found.values()] == pytest.approx([0.03, 0.04 / 3, 0])
    assert {gain.n for gain in found.values()} == {3}


def test_the_interval_of_one_pair_alone_is_that_of_its_differences() -> None:
    (same,) = gains(results(), "test_accuracy", "with a over start").values()
    assert same.half_width == pytest.approx(0, abs=1e-12)  # the same for each seed, but for rounding
    (found,) = gains(results(), "test_accuracy", "with c over start").values()
    # t(0.975, 2) = 4.3027; differences 0.01, 0.01, 0.02: s = 0.0057735; 4.3027 * s / sqrt(3) = 0.014342
    assert found.half_width == pytest.approx(0.014342, rel=1e-4)


def test_the_pairs_of_a_panel_share_one_deviation_that_all_their_differences_give() -> None:
    found = gains(results(), "test_accuracy", "with * over start")
    # in points, less the means of group and seed, plus that of all: start and a (-1, 2, -1) / 6 each,
    # b (5, -4, -1) / 6, c (-3, 0, 3) / 6; squares sum to 2, on (4 - 1) (3 - 1) = 6 degrees of freedom;
    # t(0.975, 6) = 2.4469; 2.4469 * sqrt(2 * 2 / 6 / 3) = 1.1535
    assert [gain.half_width for gain in found.values()] == pytest.approx([0.011535] * 3, rel=1e-4)


def test_the_deviation_of_many_groups_is_that_of_the_noise_of_two_runs_and_seeds_add_nothing() -> None:
    random = np.random.default_rng(3)
    luck = random.normal(size=40)
    made = pd.DataFrame(
        {"run": f"group {group}", "seed": seed, "x": group + 5 * luck[seed] + 0.1 * random.normal()}
        for group in range(20)
        for seed in range(40)
    )
    found, freedom = deviation(made, "x", made["run"].unique())
    assert freedom == 19 * 39
    assert found == pytest.approx(0.1 * np.sqrt(2), rel=0.1)  # four standard errors, 1 / sqrt(2 * 741) each


def test_the_order_of_rows_does_not_count_but_seeds_do() -> None:
    pair = Pair(label="c", left="with c", right="start")
    found = differences(results().iloc[::-1], "test_accuracy", pair)
    assert {seed: round(gain, 6) for seed, gain in found.items()} == {0: 0.01, 1: 0.01, 2: 0.02}


def test_a_seed_on_one_side_only_is_refused_by_name() -> None:
    message = r"with b over start must have the same seeds on both sides: only start has 1, 2; train the other"
    with pytest.raises(ResultsError, match=message):
        gains(results(**{"with b": [0.6]}), "test_accuracy", "with * over start")


def test_a_pattern_that_names_no_runs_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        ResultsError, match=r"'all over start' must name runs: got none; there are start, with a, with b"
    ):
        gains(results(), "test_accuracy", "all over start")


def tables(table: pd.DataFrame) -> Tables:
    return Tables(results=table, history=pd.DataFrame(), about="textures")


def test_the_readme_has_a_row_for_each_pair_and_names_the_largest_gain_and_those_not_seen() -> None:
    lines = gain_lines([chart(), chart("train_seconds")], tables(results()))
    assert (
        lines[0] == "| runs | n | difference in test accuracy (percentage points) | difference in training time (s) |"
    )
    assert lines[2:5] == [
        "| with a over start | 3 | +3.0 ± 1.2 | +10.0 ± 0.0 |",
        "| with c over start | 3 | +1.3 ± 1.2 | +0.0 ± 0.0 |",
        "| with b over start | 3 | +0.0 ± 1.2 | +0.0 ± 0.0 |",
    ]
    text = "\n".join(lines)
    assert "Largest gain in test accuracy (percentage points): added (a, +3.0 ± 1.2)." in text
    assert (
        "No difference in test accuracy (percentage points) seen, since the interval includes zero: added (b)." in text
    )
    assert "Largest difference in training time (s): added (a, +10.0 ± 0.0)." in text


def test_one_column_may_have_several_charts_of_gains() -> None:
    lines = gain_lines(
        [chart(), Chart(kind=ChartKind.gains, show=["test_accuracy"], title="x", pairs={"b": "with b over with a"})],
        tables(results()),
    )
    assert len([line for line in lines if " over " in line and line.startswith("|")]) == 4


def test_a_gain_that_is_not_above_zero_is_not_called_the_largest() -> None:
    worse = {"with a": [0.50, 0.52, 0.54], "with c": [0.60, 0.62, 0.64]}
    text = "\n".join(gain_lines([chart()], tables(results(**worse))))
    assert "Largest gain in test accuracy (percentage points): added (none surely above zero)." in text
    assert (
        "No difference in test accuracy (percentage points) seen, since the interval includes zero: added (b, c)"
        in text
    )


def test_of_one_seed_no_gain_is_called_the_largest_and_no_difference_unseen() -> None:
    text = "\n".join(gain_lines([chart()], tables(results().query("seed == 0"))))
    assert "| with b over start | 1 | +1.0 |" in text
    assert "added (none surely above zero)" in text
    assert "No difference" not in text


def test_a_study_without_charts_of_gains_has_no_such_table() -> None:
    bars = Chart(kind=ChartKind.bars, show=["test_accuracy"], title="Bars")
    assert gain_lines([bars], tables(results())) == []


def test_a_chart_of_gains_is_drawn_from_the_results(tmp_path: Path) -> None:
    written = draw(chart(), tables(results()), tmp_path / "gains")
    assert [path.name for path in written] == ["gains.svg", "gains.png", "gains.pdf"]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({}, r"pairs must name two groups of runs for gains: got \{\}; write \{added: with \* over start\}"),
        ({"x": "with a"}, "pairs must read LEFT over RIGHT with one * a side at most: got with a;".replace("*", r"\*")),
        ({"x": "a over b over c"}, "got a over b over c"),
        ({"x": "* and * over c"}, r"got \* and \* over c"),
    ],
)
def test_pairs_that_name_no_two_sides_are_refused(pairs: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Chart(kind=ChartKind.gains, show=["test_accuracy"], title="x", pairs=pairs)


def test_other_charts_have_no_pairs() -> None:
    with pytest.raises(ValueError, match="pairs must stay empty but for gains: got bars; leave it out"):
        Chart(kind=ChartKind.bars, show=["test_accuracy"], title="x", pairs={"x": "a over b"})
