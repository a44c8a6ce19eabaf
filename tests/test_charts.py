"""Charts say what they were given, stay readable, and are written with the same bytes each time."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from patchify.charts import Bar, Line, bar_chart, confusion_matrix, filter_grid, line_chart, save, training_curves
from patchify.charts.lines import spread
from patchify.charts.style import styled

FOOTER = (
    "CIFAR-10 (JPEG copy), 49,000 training images; error bars: 95 % interval of the mean over n seeds (Student's t)."
)


def architectures(n: int = 3) -> list[Bar]:
    means = {"arch1": 0.506, "arch2": 0.562, "arch3": 0.585, "arch4": 0.565}
    return [Bar(label=k, mean=v, half_width=0.004 if n > 1 else None, n=n) for k, v in means.items()]


def accuracy_bars(bars: Sequence[Bar]) -> Figure:
    return bar_chart(bars, title="Which filter width?", axis="test accuracy (%)", footer=FOOTER, scale=100, decimals=1)


def loss_line(label: str = "arch2", *, end: float = 1.2, first: float = 2.4, dashed: bool = False, **more: Any) -> Line:
    steps = list(range(0, 12_000, 800))
    mean = [first, *np.linspace(1.6, end, len(steps) - 1).tolist()]
    settings = {"half_width": [0.02] * len(steps), "colour": 0, **more}
    return Line(label=label, steps=steps, mean=mean, dashed=dashed, **settings)


def loss_chart(lines: Sequence[Line], **more: Any) -> Figure:
    return line_chart(lines, title="Do more updates help?", axis="loss (nats)", footer=FOOTER, **more)


def sawtooth(step: int) -> float:
    return 0.1 - 0.001 * (step % 100)


def curves(steps: Sequence[int] = (0, 50, 100, 150, 200)) -> Figure:
    losses = {name: [2.4 - 0.1 * i for i in range(len(steps))] for name in ("train", "validation", "test")}
    accuracies = {name: [0.1 + 0.1 * i for i in range(len(steps))] for name in ("train", "validation", "test")}
    return training_curves(steps=steps, losses=losses, accuracies=accuracies, schedule=sawtooth, title="arch3 · seed 1")


def some_filters(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(count).normal(0, 0.1, (count, side, side, 3))


def mistakes() -> Figure:
    return confusion_matrix(np.array([[3, 1], [0, 0]]), ["cat", "dog"], "arch3 · seed 1")


CHARTS: dict[str, Callable[[], Figure]] = {
    "bars": lambda: accuracy_bars(architectures()),
    "lines": lambda: loss_chart([loss_line(), loss_line("arch3", dashed=True, colour=1)]),
    "curves": curves,
    "filters": lambda: filter_grid([some_filters(3, 2), some_filters(10, 4)], "multi_size · seed 0"),
    "confusion": mistakes,
}


@cache
def built(chart: str) -> Figure:
    """One of CHARTS, shared by the tests that only look at it."""
    return CHARTS[chart]()


@pytest.fixture
def bars() -> Figure:
    return built("bars")


def words(figure: Figure) -> list[str]:
    """Everything written in a figure, line breaks as spaces."""
    return [text.get_text().replace("\n", " ") for text in written(figure)]


def written(figure: Figure) -> list[Text]:
    """The texts of a figure, without the ticks that Matplotlib keeps but does not draw."""
    hidden = []
    for axes in figure.axes:
        for axis, part in ((axes.xaxis, 0), (axes.yaxis, 1)):
            low, high = sorted(axis.get_view_interval())
            outside = [tick for tick in axis.get_ticklabels() if not low <= tick.get_position()[part] <= high]
            hidden += outside if axes.axison else axis.get_ticklabels()
    texts: list[Text] = figure.findobj(Text)
    return [text for text in texts if text.get_text().strip() and text.get_visible() and text not in hidden]


def assert_readable(figure: Figure, dpi: int = 150) -> None:
    """No text overlaps another or leaves the figure, at the resolution of the PNG unless told."""
    with styled():
        figure.set_dpi(dpi)
        figure.draw_without_rendering()
        boxes = [(text, text.get_window_extent()) for text in written(figure)]
    right, top = figure.bbox.size
    for text, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= right and box.y1 <= top
        assert inside, f"{text} leaves the figure: {box}"
    for (text, box), (other, other_box) in combinations(boxes, 2):
        slanted = text.get_rotation() == other.get_rotation() == 40  # their boxes cross, they do not
        assert slanted or not box.overlaps(other_box), f"{text} overlaps {other}"


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_saved_twice_and_drawn_again_has_the_same_bytes(chart: str, tmp_path: Path) -> None:
    figure = built(chart)
    svg, png = save(figure, tmp_path / "first")
    png_again, svg_again = save(figure, tmp_path / "again", (".png", ".svg"))
    (svg_anew,) = save(CHARTS[chart](), tmp_path / "anew", (".svg",))
    assert svg.read_bytes() == svg_again.read_bytes() == svg_anew.read_bytes()
    assert png.read_bytes() == png_again.read_bytes()


def test_another_process_writes_the_same_bytes_and_never_imports_pyplot(tmp_path: Path) -> None:
    here = save(bar_chart(architectures(), title="t", axis="a", footer="f"), tmp_path / "here", (".svg",))
    program = f"""
import sys
from pathlib import Path
from patchify.charts import Bar, bar_chart, save
bars = {architectures()!r}
save(bar_chart(bars, title="t", axis="a", footer="f"), Path({str(tmp_path)!r}) / "there", (".svg",))
assert "matplotlib.pyplot" not in sys.modules
"""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=Path(__file__).parents[1])
    assert (tmp_path / "there.svg").read_bytes() == here[0].read_bytes()


def test_files_tell_neither_date_nor_software_version(bars: Figure, tmp_path: Path) -> None:
    svg, png = save(bars, tmp_path / "chart")
    assert mpl.__version__ not in svg.read_text()
    assert "dc:date" not in svg.read_text()
    assert b"Software" not in png.read_bytes()


def settings() -> dict[str, Any]:
    # asking for the backend would choose one
    return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}


def test_a_users_own_matplotlib_settings_neither_count_nor_change(bars: Figure, tmp_path: Path) -> None:
    expected = save(bars, tmp_path / "plain")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": "mine", "savefig.bbox": "tight"}):
        before = settings()
        changed = save(CHARTS["bars"](), tmp_path / "changed")
        assert settings() == before
    assert [path.read_bytes() for path in changed] == [path.read_bytes() for path in expected]


def test_a_name_with_a_dot_keeps_it_and_nothing_else_is_left_in_the_folder(bars: Figure, tmp_path: Path) -> None:
    paths = save(bars, tmp_path / "charts" / "smoothing=0.1")
    assert paths == [tmp_path / "charts" / name for name in ("smoothing=0.1.svg", "smoothing=0.1.png")]
    assert sorted((tmp_path / "charts").iterdir()) == sorted(paths)


def test_another_suffix_is_refused_before_anything_is_written(bars: Figure, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a chart is saved as \.svg or \.png: got \.pdf; choose among these"):
        save(bars, tmp_path / "chart", (".svg", ".pdf"))
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_moved_into_place_leaves_nothing_half_made(bars: Figure, tmp_path: Path) -> None:
    (tmp_path / "chart.svg").mkdir()
    with pytest.raises(OSError, match=r"chart\.svg"):
        save(bars, tmp_path / "chart")
    assert [path.name for path in tmp_path.iterdir()] == ["chart.svg"]


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


def test_train_is_dashed_test_is_solid_and_one_group_has_one_colour() -> None:
    figure = loss_chart([loss_line("arch2 · train", end=1.1, dashed=True), loss_line("arch2 · test")])
    train, test = figure.axes[0].lines[:2]
    assert (train.get_linestyle(), test.get_linestyle()) == ("--", "-")
    assert train.get_color() == test.get_color()
    assert {"train", "test"} <= set(words(figure))
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


def test_training_curves_show_loss_per_cent_and_rate_above_one_axis_of_updates() -> None:
    figure = built("curves")
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "loss (cross-entropy, nats)",
        "accuracy (%)",
        "learning rate",
    ]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert {"arch3 · seed 1", "test 2.00", "test 50.0 %", "train 50.0 %", "updates"} <= set(words(figure))
    assert [line.get_linestyle() for line in figure.axes[0].lines[:3]] == ["--", "-", "-"]
    assert_readable(figure)


def test_the_learning_rate_is_drawn_at_every_update_so_that_restarts_are_steep() -> None:
    (rate,) = built("curves").axes[2].lines
    np.testing.assert_allclose(np.asarray(rate.get_ydata()), [sawtooth(step) for step in range(200)])


def test_training_curves_of_a_run_with_one_record_can_be_drawn() -> None:
    assert_readable(curves(steps=[0]))


@pytest.mark.parametrize(("count", "side"), [(3, 2), (10, 4), (40, 8), (160, 16), (5, 32)])
def test_the_filter_grid_holds_every_filter_with_zero_as_mid_grey(count: int, side: int) -> None:
    filters = some_filters(count, side)
    filters[0] = 0  # a filter that died
    filters[1, 0, 0] = [0, 1, -1]  # by far its largest weights
    figure = filter_grid([filters], "arch · seed 0")
    assert_readable(figure)
    assert f"{count} filters of {side} × {side} pixels" in words(figure)
    assert any("mid-grey is 0" in said for said in words(figure))

    mosaic = np.asarray(figure.axes[0].get_images()[0].get_array())
    square, step = 64 // side, 70  # pixels of a weight; pixels from a filter to the next
    np.testing.assert_allclose(mosaic[0, 0], 0.5)
    np.testing.assert_allclose(mosaic[0, step], [0.5, 1.0, 0.0])
    columns = mosaic.shape[1] // step
    assert columns == min(count, 20 if count > 40 else 10)
    top, left = (count - 1) // columns * step, (count - 1) % columns * step
    last = mosaic[top : top + 64 : square, left : left + 64 : square]
    np.testing.assert_allclose(last, 0.5 + 0.5 * filters[-1] / np.abs(filters[-1]).max())


def test_each_filter_size_has_its_own_block_and_one_filter_is_no_plural() -> None:
    figure = filter_grid([some_filters(1, 2), some_filters(10, 4)], "multi_size · seed 0")
    assert {"1 filter of 2 × 2 pixels", "10 filters of 4 × 4 pixels"} <= set(words(figure))
    assert_readable(figure)


def test_the_confusion_matrix_gives_per_cent_of_each_true_class() -> None:
    counts = np.full((10, 10), 20) + 800 * np.eye(10, dtype=int)
    counts[3, 5] += 200
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    figure = confusion_matrix(counts, names, "arch3 · seed 1: test images")
    cells = [text.get_text() for text in figure.axes[0].texts]
    assert cells[3 * 10 : 4 * 10] == ["2", "2", "2", "68", "2", "18", "2", "2", "2", "2"]
    said = words(figure)
    assert {"cat  (1,200)", "dog", "true class (images)", "predicted class"} <= set(said)
    assert any("8,200 of 10,200 images, 80.4 %" in text for text in said)
    assert_readable(figure)


def test_a_class_without_images_has_no_per_cent() -> None:
    assert [text.get_text() for text in mistakes().axes[0].texts] == ["75", "25", "–", "–"]


def test_a_confusion_matrix_needs_a_name_for_each_class() -> None:
    with pytest.raises(ValueError, match=r"for each of 2 classes: got shape \(3, 3\); name every class"):
        confusion_matrix(np.zeros((3, 3), int), ["cat", "dog"], "arch3")


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_is_readable_as_svg_too_whose_resolution_is_another(chart: str) -> None:
    figure = built(chart)
    inches = {}
    for dpi in (150, 72):
        assert_readable(figure, dpi)
        with styled():
            inches[dpi] = [text.get_window_extent().width / dpi for text in written(figure)]
    np.testing.assert_allclose(inches[72], inches[150], rtol=0.03)  # some are rounded to whole pixels


def test_long_titles_and_footers_are_broken_into_lines_that_fit_and_take_nothing_from_the_chart() -> None:
    long = "Does a title of this length still fit, or does it leave the figure on the right? " * 2
    bars = architectures()[:1]
    figure = bar_chart(bars, title=long, axis="accuracy (%)", footer=f"{long * 2}\n{FOOTER}")
    assert_readable(figure)
    short = bar_chart(bars, title="Short", axis="accuracy (%)", footer="short")
    heights = [chart.axes[0].get_window_extent().height for chart in (figure, short)]
    np.testing.assert_allclose(heights[0], heights[1], rtol=0.05)  # lines are not whole pixels apart


def test_a_dollar_sign_in_a_label_is_written_as_it_is() -> None:
    label = r"$\nosuch{$"  # mathematics of which Matplotlib would complain
    assert label in words(accuracy_bars([Bar(label=label, mean=0.5, half_width=None, n=1)]))
