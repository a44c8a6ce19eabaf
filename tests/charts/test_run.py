"""The charts of one run: curves, filters and mistakes."""

import numpy as np
import pytest

from patchify.charts import confusion_matrix, filter_grid
from tests.charts.figures import (
    assert_readable,
    built,
    curves,
    mistakes,
    sawtooth,
    some_filters,
    words,
)


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
