"""Points, their frontier, what others state, and labels that cover nothing."""

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from patchify.charts import Range, Spot, labels
from patchify.charts.frontier import best_so_far
from patchify.charts.labels import CLEAR, beside
from patchify.charts.style import styled
from tests.charts.figures import SINGLE_VIEW, VIEWS, Points, assert_readable, built, drawn_points, minutes, spots, words


def bars(figure: Figure) -> list[np.ndarray]:
    """Ends of all error bars, (2, 2) each."""
    containers = [each for each in figure.axes[0].containers if isinstance(each, ErrorbarContainer)]
    return [np.array(segment) for each in containers for lines in each.lines[2] for segment in lines.get_segments()]


def test_the_frontier_is_what_was_best_up_to_each_time() -> None:
    found = best_so_far(spots(SINGLE_VIEW))
    assert [spot.label for spot in found][:4] == ["arch2", "arch3", "arch2 · growth=2.0", "arch3 · growth=2.0"]
    assert [spot.x for spot in found] == sorted(spot.x for spot in found)
    assert [spot.y for spot in found] == sorted(spot.y for spot in found)
    dearer = {"arch1", "arch4", "recipe · updates=400", "recipe · updates=1600"}
    assert set(SINGLE_VIEW) - {spot.label for spot in found} == dearer


def test_each_series_has_a_frontier_of_its_own_and_each_label_stands_once() -> None:
    figure = built("frontier")
    np.testing.assert_allclose(drawn_points(figure, "over views"), [[3.6, 68.5], [20.0, 76.8], [80.0, 79.0]])
    np.testing.assert_allclose(drawn_points(figure, "test accuracy")[-1], [80.0, 77.0])
    assert [words(figure).count(label) for label in VIEWS] == [1, 1, 1]


def test_bars_of_ours_are_intervals_and_bars_of_others_the_ranges_that_they_state() -> None:
    ours, theirs = Spot(label="a", x=2.0, y=0.5, half_width=0.01), Range(label="b", x=(1.0, 4.0), y=(0.6, 0.7))
    found = bars(minutes({"test accuracy": [ours]}, [theirs]))
    for expected in ([[2, 49], [2, 51]], [[1, 65], [4, 65]], [[2, 60], [2, 70]]):
        assert any(np.allclose(ends, expected) for ends in found), expected


def test_published_runs_are_named_in_the_legend_only_where_there_are_some() -> None:
    assert "published, hardware not stated" in words(built("frontier"))
    assert "published, hardware not stated" not in words(minutes({"test accuracy": spots(SINGLE_VIEW)}, []))


def test_thirty_points_in_one_place_make_the_chart_grow_until_all_labels_find_room() -> None:
    crowd: Points = {f"arch{i} · label_smoothing=0.{i}": (1 + 0.001 * i, 0.5 + 0.001 * i, 0.002) for i in range(10, 40)}
    figure = minutes({"test accuracy": spots(crowd)})
    assert figure.get_figheight() > built("frontier").get_figheight()
    assert_readable(figure)


def test_no_line_from_a_point_to_its_label_runs_through_a_label() -> None:
    figure = built("frontier")
    (axes,) = figure.axes
    with styled():
        boxes = [text.get_window_extent() for text in axes.texts]
    lines = [line for line in axes.lines if line.get_transform() == axes.transAxes]
    assert len(lines) > 3
    for line in lines:
        start, end = line.get_transform().transform(np.array(line.get_xydata()))
        for x, y in np.linspace(start, end, 50)[:-5]:  # it ends at its own label
            assert not any(box.contains(x, y) for box in boxes), (line, x, y)


def test_a_label_stands_beside_its_point_unless_something_is_there() -> None:
    room = np.array([[0.0, 0.0], [200.0, 100.0]])
    point, size = np.array([[100.0, 50.0]]), np.array([[40.0, 10.0]])
    free = beside(point, size, point, room)
    np.testing.assert_allclose(free, [[126, 50]])
    blocked = beside(point, size, np.vstack([point, [[130, 50]]]), room)
    np.testing.assert_allclose(blocked, [[74, 50]])
    assert len(beside(point, size, point, np.array([[0.0, 0.0], [100 + CLEAR, 50 + CLEAR]]))) == 1, "to the left"
    assert beside(point, np.array([[300.0, 10.0]]), point, room).shape == (0, 2)


def test_no_line_to_a_label_runs_along_an_error_bar() -> None:
    room = np.array([[0.0, 0.0], [300.0, 60.0]])
    point, size = np.array([[20.0, 30.0]]), np.array([[40.0, 40.0]])
    bar = np.array([[x, 30.0] for x in range(60, 160)])
    ((x, y),) = beside(point, size, np.vstack([point, bar]), np.array([[0.0, 0.0], [300.0, 120.0]]))
    assert y > 30, "above, since there is no room beside"
    assert x < 160, "near it"
    assert len(beside(point, size, np.vstack([point, bar]), room)) == 0, "only beyond the bar"


def test_a_label_that_finds_no_room_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "TALLEST", 6.0)
    crowd = [Spot(label=f"arch{i} · label_smoothing=0.{i}", x=2.0, y=0.5, half_width=None) for i in range(10, 40)]
    with pytest.raises(
        ValueError, match=r"the label 'arch\d\d · .*' must find room in a chart of 6 inches: there is none"
    ):
        minutes({"test accuracy": crowd}, [])


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'a' must be finite, at a positive x: got 0\.5 ± None at 0; leave runs"):
        Spot(label="a", x=0, y=0.5, half_width=None)
    with pytest.raises(ValueError, match=r"'What does a minute buy\?' must have a point: got none"):
        minutes({"test accuracy": []})
