"""Charts of a search: every trial is there, the good ones are told apart, and choices and log axes are readable."""

import numpy as np
import pytest

from patchify.charts import Slice, TrialPoint, search_history, search_slices
from tests.charts.figures import assert_readable, words

POINTS = [
    TrialPoint(number=number, accuracy=accuracy, pruned=number % 3 == 2)
    for number, accuracy in enumerate([0.45, 0.51, 0.30, 0.52, 0.10, 0.49, 0.525, 0.5])
]
RATES = [3e-4, 1e-3, 2e-2, 0.3, 5e-3, 1e-6, 2e-3, 0.1]
SLICES = [
    Slice(name="regularizer.l2", values=[*RATES], log=True, choices=None),
    Slice(name="optimizer", values=["sgd", "adamw"] * 4, log=False, choices=["sgd", "momentum", "nesterov", "adamw"]),
    Slice(name="regularizer.label_smoothing", values=[0.05 * i for i in range(8)], log=False, choices=None),
    Slice(name="architecture.filter_counts.0", values=[8, 128, 64, 32, 16, 10, 20, 40], log=True, choices=None),
]


def test_the_history_shows_the_best_so_far_and_marks_what_lies_lower() -> None:
    figure = search_history(POINTS, title="Trials", axis="validation accuracy (%)", footer="Data: textures.")
    (axes,) = figure.axes
    (line,) = axes.lines
    np.testing.assert_allclose(np.asarray(line.get_ydata()), [45, 51, 52, 52, 52.5, 52.5, 52.5])
    low, high = axes.get_ylim()
    assert low > 40, "what was pruned early, or is at chance, does not squeeze the others"
    drawn = np.concatenate([np.asarray(dots.get_offsets()) for dots in axes.collections])
    assert sorted(set(drawn[:, 0])) == [1, 2, 3, 4, 5, 6, 7, 8], "yet every trial is there"
    assert ((low < drawn[:, 1]) & (drawn[:, 1] < high)).all()
    assert {"done", "pruned", "lower", "best trial", "best so far"} <= set(words(figure))
    assert_readable(figure)


def test_slices_have_a_panel_a_setting_with_its_choices_or_its_log_axis() -> None:
    figure = search_slices(SLICES, POINTS, title="What matters?", axis="validation accuracy (%)", footer="Data: x.")
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "linear", "linear", "log"]
    assert {"sgd", "nesterov", "adamw", "done", "pruned", "best trial"} <= set(words(figure))
    assert_readable(figure)


def test_a_single_setting_is_readable_too() -> None:
    assert_readable(search_slices(SLICES[:1], POINTS, title="How much?", axis="accuracy (%)", footer="Data: x."))


def test_a_chart_needs_a_trial_that_came_to_its_end() -> None:
    with pytest.raises(ValueError, match="'t' must have a trial that came to its end: got none"):
        search_history(POINTS[2:3], title="t", axis="a", footer="f")
