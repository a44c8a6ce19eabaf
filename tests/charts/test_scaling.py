"""A scaling chart shows each setting where its compute and its mean are, and where the law leaves its data."""

import numpy as np
import pytest

from tests.charts.figures import built, law_band, lengths, scaled, words


def test_each_network_is_a_line_over_its_lengths_and_the_law_is_dashed_beyond_its_data() -> None:
    (axes,) = built("scaling").axes
    solid, dashed, *others = axes.lines
    networks = [line for line in others if line.get_linestyle() == "-"]  # the rest are ends of error bars
    assert (solid.get_linestyle(), dashed.get_linestyle(), len(networks)) == ("-", "--", 4)
    end = law_band().measured
    assert np.asarray(solid.get_xdata())[-1] == np.asarray(dashed.get_xdata())[0] == end
    assert axes.get_xscale() == "log"
    np.testing.assert_allclose(np.asarray(networks[0].get_xdata(), float), lengths().tflop)
    assert len({line.get_color() for line in networks}) == len({line.get_marker() for line in networks}) == 2


def test_a_scaling_chart_says_which_colour_marker_ring_and_line_means_what() -> None:
    said = words(built("scaling"))
    expected = {"16 filters", "40 filters", "100 hidden units", "900 hidden units", "frontier", "law, best split"}
    assert expected <= set(said)
    assert {"training compute (TFLOP)", "test loss (nats)", "beyond the data"} <= set(said)


def test_rings_are_around_the_frontier_alone() -> None:
    (axes,) = built("scaling").axes
    rings = axes.collections[-1].get_offsets()
    assert len(np.asarray(rings)) == 2, "of the last network, the first and the last"


def test_with_one_seed_there_are_no_error_bars() -> None:
    assert not scaled([lengths(n=1)]).axes[0].containers
    assert scaled([lengths(n=2)]).axes[0].containers


def test_a_chart_without_networks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must have a network: got none; draw it once there are runs"):
        scaled([])
