"""Augmented batches: what happens to images is just what was allowed, and all of it happens."""

from itertools import product

import numpy as np
import pytest

from patchify.core.axes import PIXELS, SIDE, Images
from patchify.core.images.augmentation import Augmentation, Batch
from patchify.core.images.moves import Border
from patchify.core.model.losses import Regularizer
from patchify.core.training.loop import Training
from tests.core.pictures import by_rows, in_z_order, moved, random_pictures
from tests.core.trainings import fresh, start

ALL = Augmentation(flip=True, shift=4, border=Border.reflect, cutout=8)


def taken(augmentation: Augmentation, images: Images, count: int, stream: np.random.Generator) -> Images:
    """A batch of so many images, in turn."""
    batch = Batch(augmentation, count, images.dtype, stream)
    batch.take(images, np.arange(count) % len(images))
    return batch.images


@pytest.mark.parametrize("border", Border)
@pytest.mark.parametrize(("flip", "shift"), [(True, 0), (False, 1), (True, 1)])
def test_each_image_is_moved_in_one_of_the_allowed_ways_and_all_of_them_occur(
    flip: bool, shift: int, border: Border
) -> None:
    picture = random_pictures(1)
    shifts = range(-shift, shift + 1)
    ways = product(shifts, shifts, [False, True] if flip else [False])
    allowed = [
        in_z_order(moved(picture[0], down=down, across=across, flip=mirrored, border=border)[np.newaxis]).tobytes()
        for down, across, mirrored in ways
    ]
    augmentation = Augmentation(flip=flip, shift=shift, border=border)
    found = [image.tobytes() for image in taken(augmentation, in_z_order(picture), 900, np.random.default_rng(0))]
    assert set(found) == set(allowed)
    expected = len(found) / len(allowed)
    counts = [found.count(way) for way in allowed]
    assert 0.5 * expected < min(counts) <= max(counts) < 1.6 * expected  # all ways alike: that is 3.5 deviations of 50


def test_each_image_of_a_batch_is_the_one_that_was_chosen() -> None:
    images = in_z_order(random_pictures(4) * 10 ** np.arange(4).reshape(4, 1, 1, 1))  # told apart by their size
    batch = Batch(Augmentation(flip=True, shift=2), 3, images.dtype, np.random.default_rng(0))
    for chosen in ([3, 0, 1], [2, 2, 0]):
        batch.take(images, np.array(chosen))
        sizes = np.log10(np.abs(batch.images).mean(axis=1))
        assert np.round(sizes).astype(int).tolist() == chosen


@pytest.mark.parametrize("width", [1, 5, 8, 32])
def test_a_cutout_hides_a_square_around_any_pixel_cut_at_the_edges_and_nothing_else(width: int) -> None:
    squares = {}
    for row, column in product(range(SIDE), range(SIDE)):
        visible = np.ones((SIDE, SIDE))
        top, left = row - width // 2, column - width // 2
        visible[max(top, 0) : max(top + width, 0), max(left, 0) : max(left + width, 0)] = 0
        squares[visible.tobytes()] = row, column
    whole = np.ones((1, PIXELS))
    found = by_rows(taken(Augmentation(cutout=width), whole, 1000, np.random.default_rng(0)))
    assert np.array_equal(found, found[..., :1].repeat(3, axis=3)), "a pixel is hidden in all its channels"
    centres = [squares[visible.tobytes()] for visible in found[..., 0].copy()]
    distinct = min(len({row for row, _ in squares.values()}), 32)
    assert len({row for row, _ in centres}) == len({column for _, column in centres}) == distinct


def test_without_augmentation_images_are_as_they_are_and_nothing_is_drawn() -> None:
    images, stream = in_z_order(random_pictures(5)), np.random.default_rng(0)
    before = stream.bit_generator.state
    assert np.array_equal(taken(Augmentation(), images, 5, stream), images)
    assert stream.bit_generator.state == before


def trained(augmentation: Augmentation) -> Training:
    """Training with dropout, in which no step is taken far enough to matter."""
    dropping = Regularizer(l2=0.0, label_smoothing=0.0, dropout_responses=0.2, dropout_hidden=0.5)
    training = start(fresh(), augmentation=augmentation, regularizer=dropping)
    list(training)
    return training


def test_switching_it_on_changes_neither_the_order_of_the_images_nor_what_is_dropped() -> None:
    plain, augmented = trained(Augmentation()), trained(ALL)
    assert not np.array_equal(augmented.result.flat, plain.result.flat)
    before, after = plain.state().streams, augmented.state().streams
    assert {role for role in after if after[role] != before[role]} == {"augmentation"}
    for one, other in zip(plain.update.network.dropouts, augmented.update.network.dropouts, strict=True):
        assert np.array_equal(one.factors, other.factors)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("shift", -1, r"shift must lie in 0\.\.31 pixels: got -1; choose about 4"),
        ("shift", 32, r"shift must lie in 0\.\.31 pixels: got 32"),
        ("cutout", -1, r"cutout must lie in 0\.\.32 pixels: got -1; choose about 8"),
        ("cutout", 33, r"cutout must lie in 0\.\.32 pixels: got 33"),
    ],
)
def test_an_impossible_augmentation_is_refused(setting: str, value: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augmentation(**{setting: value})  # type: ignore[arg-type]  # both are ints
