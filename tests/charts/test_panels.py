"""Panels share their axes, and show plain numbers on logarithmic ones."""

import numpy as np
import pytest

from patchify.charts import Curve, Panel, panel_chart
from tests.charts.figures import assert_readable, built, ratio_curve, ratios, words


def test_panels_share_axes_that_hold_every_number_interval_and_the_level() -> None:
    figure = ratios([[Panel(title="low", curves=[ratio_curve()]), Panel(title="none", curves=[])]])
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    low, high = figure.axes[0].get_ylim()
    assert low < 1 < 4.4 < high
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"
    assert {"3", "10", "40", "160", "1", "2", "low", "none"} <= set(words(figure))


def test_curves_are_drawn_with_their_intervals_and_a_bound_is_dashed_without_any() -> None:
    bound = Curve(label="bound", xs=[3, 10], ys=[1.0, 2.0], low=None, high=None, colour=None)
    (axes,) = ratios([[Panel(title="one", curves=[ratio_curve(), bound])]]).axes
    lines = [line for line in axes.lines if len(np.asarray(line.get_xdata())) == 4]
    assert [np.asarray(line.get_ydata()).tolist() for line in lines] == [[4.0, 3.0, 2.0, 1.5]]
    (bars,) = axes.collections
    np.testing.assert_allclose(np.asarray(bars.get_paths()[0].vertices)[:, 1], [3.6, 4.4])
    assert [line.get_linestyle() for line in axes.lines if line.get_label() == "bound"] == ["--"]


def test_a_label_stands_once_in_the_legend_however_many_panels_have_it() -> None:
    assert words(built("panels")).count("2×2 filters") == 1


def test_panels_with_long_titles_and_many_curves_are_readable() -> None:
    curves = [ratio_curve(f"{2**i}×{2**i} filters", scale=1 + i, colour=i) for i in range(4)]
    rows = [[Panel(title=f"{name}, {nh} hidden units", curves=curves) for name in ("A", "B", "C")] for nh in (50, 300)]
    assert_readable(ratios(rows))


def test_thousands_are_written_plainly() -> None:
    assert {"2,000", "5,000"} <= set(words(ratios([[Panel(title="a", curves=[ratio_curve(scale=1000)])]])))


def test_impossible_curves_are_refused() -> None:
    with pytest.raises(ValueError, match=r"curve 'a' must have a y .* got 2 xs, 1 ys, 1 and 1 ends; leave out"):
        Curve(label="a", xs=[1, 2], ys=[1.0], low=None, high=None, colour=0)
    with pytest.raises(ValueError, match=r"curve 'a' must be positive and finite: got \[0\.0\] at \[1\]"):
        Curve(label="a", xs=[1], ys=[0.0], low=None, high=None, colour=0)
    with pytest.raises(ValueError, match="must have a curve: got none"):
        panel_chart([[Panel(title="a", curves=[])]], title="t", x_axis="x", y_axis="y", footer="f")
