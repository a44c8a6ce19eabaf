"""Accuracy against core-minutes: from a study's table to its chart."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patchify.config.catalog import study
from patchify.config.published import Published
from patchify.config.schema import Chart, ChartKind
from patchify.study import ResultsError
from patchify.study.drawing import draw
from patchify.study.minutes import core_minutes
from patchify.study.results import Tables
from tests.charts.figures import drawn_points, words


def tables(seconds: tuple[float, ...] = (50.0, 70.0, 170.0, 190.0)) -> Tables:
    """Two groups of two runs of 60 and 180 seconds, the second evaluated over views."""
    results = pd.DataFrame(
        {
            "run_key": ["a", "b", "c", "d"],
            "run": ["quick", "quick", "best", "best"],
            "seed": [0, 1, 0, 1],
            "train_cpu_seconds": seconds,
            "test_accuracy": [0.5, 0.52, 0.6, 0.62],
            "test_accuracy_views": [np.nan, np.nan, 0.64, 0.66],
            "validation_accuracy": [np.nan] * 4,
        }
    )
    return Tables(results=results, history=pd.DataFrame(), about="cifar10 (unofficial copy 42fb3ed1), JPEG copy")


def asked(*columns: str, published: tuple[Published, ...] = ()) -> Chart:
    return Chart(kind=ChartKind.core_minutes, show=list(columns), title="Minutes", published=list(published))


def test_minutes_are_the_mean_processor_seconds_of_a_group() -> None:
    assert drawn_points(core_minutes(asked("test_accuracy"), tables()), "test accuracy") == [[1, 51], [3, 61]]


def test_runs_whose_processor_seconds_were_not_counted_are_left_out_and_said_so() -> None:
    figure = core_minutes(asked("test_accuracy"), tables((50.0, 70.0, 180.0, math.nan)))
    assert drawn_points(figure, "test accuracy") == [[1, 51], [3, 60]]
    caption = next(text for text in words(figure) if text.startswith("Data: "))
    assert "n = 1 to 2 seeds" in caption
    assert "Runs left out, without processor time: 1." in caption
    with pytest.raises(ResultsError, match="that all have test_accuracy and train_cpu_seconds: got none; train them"):
        core_minutes(asked("test_accuracy"), tables((math.nan,) * 4))


def of_study(keys: str, names: list[str]) -> pd.DataFrame:
    """Results of another study, four core-minutes a run."""
    return pd.DataFrame(
        {
            "run_key": list(keys),
            "run": names,
            "seed": range(len(keys)),
            "train_cpu_seconds": 240.0,
            "test_accuracy": 0.7,
        }
    )


def test_groups_of_further_studies_have_points_too_and_each_is_there_once() -> None:
    further = {
        "first": of_study("aef", ["quick", "slow", "slow"]),  # its quick has one seed of ours
        "second": of_study("ef", ["slow", "slow"]),
        "third": of_study("gh", ["slow", "best"]),
    }
    figure = core_minutes(asked("test_accuracy"), replace(tables(), further=further))
    assert sorted(drawn_points(figure, "test accuracy")) == [[1, 51], [3, 61], [4, 70]]
    assert {"quick", "best", "slow (first)", "slow (third)", "best (third)"} <= set(words(figure))
    assert not {"slow (second)", "quick (first)", "slow"} & set(words(figure))


def test_a_group_whose_runs_have_an_accuracy_only_in_part_has_no_point_in_its_series() -> None:
    made = tables()
    made.results.loc[1, "test_accuracy_views"] = 0.55
    figure = core_minutes(asked("test_accuracy", "test_accuracy_views"), made)
    assert drawn_points(figure, "test accuracy over views") == [[3, 65]]


def test_accuracy_over_views_is_a_series_of_its_own_of_the_runs_that_have_it() -> None:
    figure = core_minutes(asked("test_accuracy", "test_accuracy_views"), tables())
    assert drawn_points(figure, "test accuracy over views") == [[3, 65]]
    assert drawn_points(figure, "test accuracy") == [[1, 51], [3, 61]]


def test_the_caption_tells_our_minutes_from_published_ones_and_names_the_data() -> None:
    stated = Published(seconds=[13, 96], accuracy=[0.559, 0.576])
    figure = core_minutes(asked("test_accuracy", published=(stated,)), tables())
    caption = next(text for text in words(figure) if text.startswith("Data: "))
    assert "JPEG copy" in caption
    assert "n = 2 seeds; error bars: 95 % t intervals of the mean" in caption
    assert "processor time of training; evaluation not counted" in caption
    assert "Published: wall times on hardware not stated; bars: ranges." in caption
    assert "13–96 s" in words(figure)
    alone = core_minutes(asked("test_accuracy"), tables())
    assert not any("ublished" in text for text in words(alone))


def test_a_column_that_no_run_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="core-minutes need a group of runs that all have validation_accuracy and"):
        draw(asked("validation_accuracy"), tables(), tmp_path / "minutes")
    assert len(draw(asked("test_accuracy_views"), tables(), tmp_path / "minutes")) == 3


@pytest.mark.parametrize("columns", [[], ["test_loss"], ["test_accuracy", "train_seconds"]])
def test_what_is_no_accuracy_has_no_place_on_its_axis(columns: list[str]) -> None:
    with pytest.raises(ValueError, match=r"show must name accuracies for core_minutes: got \[.*\]; as \[test_accuracy"):
        asked(*columns)


@pytest.mark.parametrize(
    ("seconds", "accuracy", "message"),
    [
        ([], [0.7], r"seconds must hold one positive number, or a range from low to high: got \[\]; write \[6945\]"),
        ([0, 5], [0.7], r"seconds must hold one positive number, or a range .* got \[0, 5\]"),
        ([96, 13], [0.7], r"seconds must hold .* got \[96, 13\]"),
        ([13], [0.5, 0.6, 0.7], r"accuracy must hold .* got \[0\.5, 0\.6, 0\.7\]; write a fraction, as"),
        ([13], [57.6], r"accuracy must be a fraction, at most 1: got \[57\.6\]; divide per cent by 100"),
    ],
)
def test_a_published_run_that_cannot_be_is_refused(seconds: list[float], accuracy: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Published(seconds=seconds, accuracy=accuracy)


def test_published_runs_belong_to_a_chart_of_core_minutes_alone() -> None:
    stated = Published(seconds=[13], accuracy=[0.559])
    with pytest.raises(ValueError, match="published must stay empty but for core_minutes: got bars; leave it out"):
        Chart(kind=ChartKind.bars, show=["test_accuracy"], title="t", published=[stated])


def test_the_study_that_comes_along_states_the_published_runs_and_whose_results_it_shows() -> None:
    found = study("core_minutes")
    assert {"baseline", "architectures", "longer", "label_smoothing", "best_quick", "best"} == set(found.further)
    stated = found.charts["accuracy"].published
    assert [(each.seconds, each.accuracy) for each in stated] == [
        ([13, 96], [0.559, 0.576]),
        ([231, 692], [0.656, 0.663]),
        ([1090], [0.698]),
        ([6945], [0.749]),
    ]
