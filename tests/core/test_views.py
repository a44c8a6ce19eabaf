"""Classification over views, against views that are made one by one."""

import numpy as np
import pytest

from patchify.core.axes import Images, Scores
from patchify.core.images.moves import Border
from patchify.core.model.evaluation import BATCH, EvaluationSettings, probabilities, probabilities_over_views
from patchify.core.model.parameters import Parameters, he_initialised
from tests.core.pictures import by_rows, in_z_order, moved, random_pictures
from tests.core.trainings import ARCHITECTURE, examples, fresh, start


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return he_initialised(ARCHITECTURE, np.random.default_rng(0), np.float64)


def slow_views(parameters: Parameters, images: Images, shift: int, border: Border) -> list[Scores]:
    """Probabilities of the images in each view."""
    shifts = (-shift, 0, shift) if shift else (0,)
    ways = [(flip, down, across) for flip in (False, True) for down in shifts for across in shifts]
    found = []
    for flip, down, across in ways:
        pictures = [moved(each, down=down, across=across, flip=flip, border=border) for each in by_rows(images)]
        found.append(probabilities(parameters, in_z_order(np.stack(pictures))))
    return found


@pytest.mark.parametrize("border", Border)
@pytest.mark.parametrize(("shift", "views"), [(0, 2), (1, 18), (3, 18)])
def test_probabilities_are_the_mean_over_an_image_and_its_mirror_image_unmoved_and_moved_to_all_sides(
    shift: int, views: int, border: Border, parameters: Parameters
) -> None:
    images = in_z_order(random_pictures(BATCH + 3))  # a whole batch, and a rest
    slow = slow_views(parameters, images, shift, border)
    found = probabilities_over_views(parameters, images, shift, border)
    assert len(slow) == EvaluationSettings(view_shift=shift).views == views
    np.testing.assert_allclose(found, np.mean(slow, axis=0), atol=1e-14)  # eighteen float64 roundings
    assert np.abs(found - slow[len(slow) // 4]).max() > 0.01  # the views do differ


def test_the_dtype_is_kept() -> None:
    images = examples(3).images
    assert probabilities_over_views(fresh(), images, 1, Border.zero).dtype == np.float32


def test_only_the_last_record_has_an_accuracy_over_views_beside_the_single_one() -> None:
    records = [record for record in start(fresh(), evaluation=EvaluationSettings(view_shift=1)) if record.evaluations]
    plain = [record for record in start(fresh()) if record.evaluations]
    *before, last = [record.metrics() for record in records]
    assert not any(name.endswith("views") for metrics in before for name in metrics)
    assert set(last) - set(before[0]) == {"train/accuracy_views", "test/accuracy_views"}
    for name, evaluation in records[-1].evaluations.items():
        assert evaluation.accuracy == plain[-1].evaluations[name].accuracy


def test_an_accuracy_over_views_is_that_of_the_mean_probabilities_of_what_is_evaluated() -> None:
    test = examples(200, seed=5)
    training = start(fresh(), evaluated={"test": test}, evaluation=EvaluationSettings(view_shift=2))
    last = list(training)[-1].evaluations["test"]
    scores = np.mean(slow_views(training.result, test.images, 2, Border.zero), axis=0)
    assert last.accuracy_views == np.mean(scores.argmax(axis=0) == test.labels)
    assert last.accuracy_views != last.accuracy


def test_without_views_no_record_has_an_accuracy_over_them() -> None:
    assert EvaluationSettings().views == 0
    assert not any(name.endswith("views") for record in start(fresh()) for name in record.metrics())


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("view_shift", -1, "view_shift must be at least 0: got -1; choose 0 or more"),
        ("view_shift", 32, "view_shift must be below 32: got 32; choose about 2"),
        ("ema_decay", 1.0, "ema_decay must lie between 0 and 1: got 1.0; choose about 0.999"),
        ("ema_decay", 0.0, "ema_decay must lie between 0 and 1: got 0.0"),
    ],
)
def test_an_impossible_evaluation_is_refused(setting: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EvaluationSettings(**{setting: value})  # type: ignore[arg-type]  # an int or a float
