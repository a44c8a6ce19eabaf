"""Lines say what they were given, with labels at their ends."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from patchify.charts import Line
from patchify.charts.lines import spread
from patchify.charts.style import INK
from tests.charts.figures import (
    assert_readable,
    loss_chart,
    loss_line,
    words,
    written,
)


def test_labels_that_want_one_place_are_moved_apart_by_as_little_as_can_be() -> None:
    np.testing.assert_allclose(spread(np.array([0.5, 0.5, 0.9]), np.full(3, 0.1)), [0.45, 0.55, 0.9])
    np.testing.assert_allclose(spread(np.array([1.0, 1.0, 0.99]), np.full(3, 0.1)), [0.85, 0.95, 0.75])
    np.testing.assert_allclose(spread(np.array([0.5, 0.52]), np.array([0.1, 0.3])), [0.41, 0.61])


def test_labels_keep_their_order_never_overlap_and_stay_inside() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        heights = rng.uniform(0.5, 1.5, 8)
        heights *= rng.uniform(0.3, 1) / heights.sum()
        wanted = rng.uniform(-0.2, 1.2, 8)
        centres = spread(wanted, heights)
        order = np.argsort(wanted)
        lower, upper = (centres - heights / 2)[order], (centres + heights / 2)[order]
        assert (lower[1:] >= upper[:-1] - 1e-12).all()  # rounding of sums near 1
        assert lower[0] >= -1e-12
        assert upper[-1] <= 1 + 1e-12


@pytest.mark.parametrize("count", [1, 6, 30])
def test_line_ends_that_meet_have_labels_apart_and_inside(count: int) -> None:
    figure = loss_chart(
        [loss_line(f"arch{i} · label_smoothing=0.{i}", colour=i, dashed=i % 2 == 1) for i in range(count)]
    )
    assert_readable(figure)
    labels = [text for text in written(figure) if "smoothing" in text.get_text()]
    assert [text.get_text().replace("\n", " ") for text in labels] == [
        f"arch{i} · label_smoothing=0.{i}" for i in range(count)
    ]


def test_lines_are_scaled_means_with_bands_where_there_is_an_interval() -> None:
    line, single = loss_line(), loss_line("arch3", half_width=None, colour=1)
    (axes,) = loss_chart([line, single], scale=100).axes
    np.testing.assert_allclose(np.asarray(axes.lines[0].get_ydata()), 100 * np.array(line.mean))
    (band,) = axes.collections
    ys = np.asarray(band.get_paths()[0].vertices)[:, 1]
    np.testing.assert_allclose([ys.min(), ys.max()], [100 * (1.2 - 0.02), 100 * (2.4 + 0.02)])


def verticals(figure: Figure) -> list[float]:
    return [float(np.asarray(line.get_xdata())[0]) for line in figure.axes[0].lines if line.get_linestyle() == ":"]


def test_cycles_that_end_together_are_marked_by_lines_and_others_by_strokes_on_their_curves() -> None:
    together = [loss_line("arch1", cycles=[1600, 4800]), loss_line("arch2", cycles=[1600, 4800]), loss_line("constant")]
    assert verticals(loss_chart(together)) == [1600, 4800]
    apart = [loss_line("arch1", cycles=[1600, 4800]), loss_line("arch2", cycles=[2400], end=1.3)]
    figure = loss_chart(apart, scale=10)
    assert verticals(figure) == []
    first, second = (np.asarray(line.get_xydata()) for line in figure.axes[0].lines if line.get_marker() == "|")
    assert first[:, 0].tolist() == [1600, 4800]
    np.testing.assert_allclose(second, [[2400, 10 * apart[1].mean[3]]])
    assert verticals(loss_chart([loss_line()])) == []


def test_the_baselines_line_is_black_and_thicker() -> None:
    base, other = loss_chart([loss_line("arch1", baseline=True), loss_line("arch2", colour=1)]).axes[0].lines[:2]
    assert base.get_color() == INK
    assert base.get_linewidth() > other.get_linewidth()


def test_train_is_dashed_test_is_solid_and_one_group_has_one_colour() -> None:
    figure = loss_chart([loss_line("arch2 · train", end=1.1, dashed=True), loss_line("arch2 · test")])
    train, test = figure.axes[0].lines[:2]
    assert (train.get_linestyle(), test.get_linestyle()) == ("--", "-")
    assert train.get_color() == test.get_color()
    assert {"train", "test or validation"} <= set(words(figure))
    assert "train" not in words(loss_chart([loss_line()])), "one kind of line needs no key"


def test_groups_differ_in_marker_too_for_print_without_colour() -> None:
    lines = loss_chart([loss_line(f"arch{i}", colour=i) for i in range(7)]).axes[0].lines
    assert len({line.get_color() for line in lines[:7]}) == 7
    assert len({line.get_marker() for line in lines[:7]}) == 7


def test_a_loss_at_update_0_far_above_the_rest_is_left_out_and_said() -> None:
    figure = loss_chart([loss_line(first=2.4), loss_line("arch3", first=2.6, colour=1)])
    low, high = figure.axes[0].get_ylim()
    assert 1.1 < low < 1.18
    assert 1.62 < high < 1.7
    assert "update 0, outside of this axis: 2.40 to 2.60" in words(figure)


def test_an_accuracy_at_update_0_far_below_the_rest_is_left_out_and_said() -> None:
    figure = loss_chart([loss_line(first=0.1)], scale=10)
    assert figure.axes[0].get_ylim()[0] > 11
    assert "update 0, outside of this axis: 1.00" in words(figure)


def test_a_loss_at_update_0_near_the_rest_is_shown() -> None:
    figure = loss_chart([loss_line(first=1.7)])
    assert figure.axes[0].get_ylim()[1] > 1.72
    assert not any("outside" in said for said in words(figure))


def test_a_log_axis_shows_plain_numbers_and_refuses_means_that_are_not_positive() -> None:
    figure = loss_chart([loss_line(end=0.03, half_width=[0.05] * 15)], log=True)
    assert figure.axes[0].get_yscale() == "log"
    assert 0.005 < figure.axes[0].get_ylim()[0] < 0.03
    assert {"0.05", "0.5", "1"} <= set(words(figure))
    assert_readable(figure)
    with pytest.raises(ValueError, match=r"a log axis must have positive means: got -0\.1; choose a linear one"):
        loss_chart([loss_line(end=-0.1)], log=True)


def test_a_line_of_one_record_can_be_drawn() -> None:
    figure = loss_chart([Line(label="arch1", steps=[0], mean=[2.3], half_width=None, dashed=False, colour=0)])
    assert_readable(figure)


def test_impossible_lines_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'arch1' must have a mean .* got 2 steps, 1 means, 1 half widths"):
        Line(label="arch1", steps=[0, 1], mean=[1.0], half_width=None, dashed=False, colour=0)
    with pytest.raises(ValueError, match=r"'arch1' must be finite: got inf ± 0\.0 at update 4; leave out runs"):
        Line(label="arch1", steps=[0, 4], mean=[2.3, float("inf")], half_width=None, dashed=False, colour=0)
    with pytest.raises(ValueError, match="must have a line: got none"):
        loss_chart([])
