"""Bars say what they were given, from zero."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from patchify.charts import Bar, bar_chart
from tests.charts.figures import (
    FOOTER,
    accuracy_bars,
    architectures,
    assert_readable,
    words,
    written,
)


def rectangles(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def test_bars_begin_at_zero_and_end_at_their_scaled_means_from_top_to_bottom(bars: Figure) -> None:
    (axes,) = bars.axes
    assert [bar.get_x() for bar in rectangles(axes)] == [0] * 4
    np.testing.assert_allclose([bar.get_width() for bar in rectangles(axes)], [50.6, 56.2, 58.5, 56.5])
    assert axes.get_xlim()[0] == 0
    assert [label.get_text() for label in axes.get_yticklabels()] == ["arch1", "arch2", "arch3", "arch4"]
    assert axes.yaxis_inverted()


def test_a_bar_chart_says_its_title_numbers_n_axis_and_footer(bars: Figure) -> None:
    said = words(bars)
    for expected in ("Which filter width?", "58.5 ± 0.4  (n = 3)", "50.6 ± 0.4  (n = 3)", "test accuracy (%)", FOOTER):
        assert expected in said


def test_error_bars_span_the_scaled_intervals(bars: Figure) -> None:
    (axes,) = bars.axes
    (errors,) = [container for container in axes.containers if isinstance(container, ErrorbarContainer)]
    (drawn,) = errors.lines[2]
    spans = [segment[:, 0].tolist() for segment in drawn.get_segments()]
    np.testing.assert_allclose(spans[2], [58.1, 58.9])


def test_the_baseline_stands_out_and_its_mean_can_be_seen_beside_the_others() -> None:
    bars = [replace(bar, baseline=bar.label == "arch2") for bar in architectures()]
    (axes,) = accuracy_bars(bars).axes
    filled = [to_hex(bar.get_facecolor()) for bar in rectangles(axes)]
    assert [filled.count(colour) for colour in filled] == [3, 1, 3, 3]
    assert [label.get_fontweight() for label in axes.get_yticklabels()] == ["normal", "bold", "normal", "normal"]
    dashed = [line for line in axes.lines if line.is_dashed()]
    assert [np.asarray(line.get_xdata()).tolist() for line in dashed] == [[56.2, 56.2]]


def test_a_single_run_has_no_error_bar() -> None:
    figure = accuracy_bars(architectures(n=1))
    assert not any(isinstance(container, ErrorbarContainer) for container in figure.axes[0].containers)
    assert "58.5  (n = 1)" in words(figure)


@pytest.mark.parametrize("count", [1, 2, 4, 12])
def test_bar_labels_stay_apart_and_inside_also_when_they_are_long(count: int) -> None:
    bars = [
        Bar(
            label=f"architecture.filter_sizes=[2, 4, {i}] · label_smoothing=0.{i}",
            mean=0.4 + 0.05 * i,
            half_width=0.06,
            n=3,
        )
        for i in range(count)
    ]
    figure = accuracy_bars(bars)
    assert_readable(figure)
    numbers = [text for text in written(figure) if "(n = 3)" in text.get_text()]
    assert len(numbers) == count
    assert all(text.get_window_extent().x1 <= figure.axes[0].get_window_extent().x1 for text in numbers)


def test_ticks_stop_near_the_longest_bar_so_that_no_accuracy_above_100_is_offered() -> None:
    (axes,) = accuracy_bars([Bar(label="train", mean=0.993, half_width=0.001, n=3)]).axes
    assert max(axes.get_xticks()) == 100


def test_a_negative_mean_and_an_interval_below_zero_are_shown_whole() -> None:
    bars = [Bar(label="a", mean=-0.2, half_width=0.1, n=2), Bar(label="b", mean=0.1, half_width=0.4, n=2)]
    figure = bar_chart(bars, title="Gap", axis="test loss − train loss (nats)", footer=FOOTER, decimals=2)
    assert figure.axes[0].get_xlim()[0] <= -0.3
    assert "−0.20 ± 0.10  (n = 2)" in words(figure)
    assert_readable(figure)


def test_impossible_bars_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'arch1' must have a finite mean and half_width: got nan ± None"):
        Bar(label="arch1", mean=float("nan"), half_width=None, n=1)
    with pytest.raises(ValueError, match=r"'arch1' of one run has no interval: got half_width=0\.1; give None"):
        Bar(label="arch1", mean=0.5, half_width=0.1, n=1)
    with pytest.raises(ValueError, match=r"'Which filter width\?' must have a bar: got none"):
        accuracy_bars([])
