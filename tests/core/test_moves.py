"""Images moved in Z-order against the same done row by row."""

from itertools import product

import numpy as np
import pytest

from patchify.core.axes import Images
from patchify.core.images.moves import Border, Mover, Moves, moves
from tests.core.pictures import in_z_order, moved, random_pictures

each_border = pytest.mark.parametrize("border", Border)


def move(table: Moves, images: Images, down: int, across: int) -> Images:
    """All images in one way."""
    mover = Mover(table, len(images), images.dtype)
    mover.source[...] = images
    mover(np.full(len(images), down), np.full(len(images), across))
    return mover.moved


@each_border
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_every_way_moves_its_image_as_is_done_row_by_row(shift: int, flip: bool, border: Border) -> None:
    table = moves(shift, flip=flip, border=border)
    shifts = range(-shift, shift + 1)
    assert (len(table.down), len(table.across)) == (len(shifts), len(shifts) * (1 + flip))
    ways = list(product(range(len(table.down)), range(len(table.across))))
    pictures = random_pictures(len(ways))
    mover = Mover(table, len(ways), np.float64)
    mover.source[...] = in_z_order(pictures)
    mover(*np.array(ways).T)
    expected = [
        moved(
            picture,
            down=shifts[down],
            across=shifts[across % len(shifts)],
            flip=across >= len(shifts),
            border=border,
        )
        for picture, (down, across) in zip(pictures, ways, strict=True)
    ]
    assert np.array_equal(mover.moved, in_z_order(np.stack(expected)))


@each_border
@pytest.mark.parametrize(("down", "across"), [(-31, 31), (31, 0), (7, -31)])
def test_the_largest_shifts_leave_a_row_or_column(down: int, across: int, border: Border) -> None:
    pictures = random_pictures(2)
    found = move(moves(31, flip=False, border=border), in_z_order(pictures), 31 + down, 31 + across)
    expected = [moved(picture, down=down, across=across, flip=False, border=border) for picture in pictures]
    assert np.array_equal(found, in_z_order(np.stack(expected)))


@each_border
def test_the_way_in_the_middle_moves_nothing(border: Border) -> None:
    images = in_z_order(random_pictures(2))
    assert np.array_equal(move(moves(4, flip=True, border=border), images, 4, 4), images)


def test_an_image_that_is_mirrored_twice_is_as_it_was() -> None:
    images, table = in_z_order(random_pictures(2)), moves(4, flip=True, border=Border.zero)
    mirrored = move(table, images, 4, 9 + 4)
    assert not np.array_equal(mirrored, images)
    assert np.array_equal(move(table, mirrored, 4, 9 + 4), images)


def test_what_is_hidden_is_zero_and_all_else_moves_as_ever() -> None:
    images, table = in_z_order(random_pictures(3)), moves(2, flip=True, border=Border.reflect)
    hidden = np.random.default_rng(0).random((3, 1024)) < 0.5
    mover = Mover(table, len(images), images.dtype)
    mover.source[...] = images
    way = np.array([0, 2, 4])
    mover(way, way, hidden)
    partly = mover.moved.reshape(3, 1024, 3).copy()
    mover(way, way)
    assert np.array_equal(partly, np.where(hidden[:, :, np.newaxis], 0, mover.moved.reshape(3, 1024, 3)))


@pytest.mark.parametrize("shift", [-1, 32])
def test_an_impossible_shift_is_refused(shift: int) -> None:
    with pytest.raises(ValueError, match=rf"shift must lie in 0\.\.31 pixels: got {shift}; choose 0 for none, or 4"):
        moves(shift, flip=False, border=Border.zero)
