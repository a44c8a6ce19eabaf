"""Gains say what they were given, on both sides of zero, on one axis for all panels."""

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from patchify.charts import Bar, GainPanel, gain_chart
from tests.charts.figures import FOOTER, assert_readable, built, gain_panel, words


def test_each_panel_has_its_gains_from_top_to_bottom_with_their_numbers() -> None:
    figure = built("gains")
    added, left_out = figure.axes
    assert [label.get_text() for label in added.get_yticklabels()] == ["flip shift", "momentum", "dropout"]
    assert added.yaxis_inverted()
    said = words(figure)
    for expected in ("added to start", "left out of all", "+2.8 ± 0.4", "+0.5 ± 0.4", "−0.3 ± 0.4", FOOTER):
        assert expected in said
    assert added.get_xlim() == left_out.get_xlim()


def test_dots_and_intervals_are_scaled_and_stand_beside_a_line_at_zero() -> None:
    axes = built("gains").axes[0]
    (dots,) = [container for container in axes.containers if isinstance(container, ErrorbarContainer)]
    np.testing.assert_allclose(np.asarray(dots.lines[0].get_xdata()), [2.8, 0.5, -0.3])
    spans = [segment[:, 0].tolist() for segment in dots.lines[2][0].get_segments()]
    np.testing.assert_allclose(spans[0], [2.4, 3.2])
    assert any(np.asarray(line.get_xdata()).tolist() == [0, 0] for line in axes.lines)


def test_gains_of_one_seed_have_no_interval() -> None:
    figure = gain_chart([gain_panel("added", n=1)], title="t", axis="a", footer="f", scale=100)
    assert {"+2.8", "−0.3"} <= set(words(figure))
    assert_readable(figure)


def test_long_and_many_labels_stay_apart() -> None:
    gains = [
        Bar(label=f"filter_sizes=[2, 4, {i}] · label_smoothing=0.{i}", mean=i, half_width=9, n=3) for i in range(9)
    ]
    panels = [GainPanel(title=title, gains=gains[:count]) for title, count in (("many", 9), ("one", 1))]
    assert_readable(gain_chart(panels, title="t", axis="a", footer="f"))


def test_a_panel_without_gains_is_refused() -> None:
    with pytest.raises(ValueError, match="chart 't' must have a gain in each panel: got none; draw it once"):
        gain_chart([gain_panel("added"), GainPanel(title="none", gains=[])], title="t", axis="a", footer="f")
