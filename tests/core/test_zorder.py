"""Z-order: patches of every width are contiguous, and nothing is lost."""

import numpy as np
import pytest

from patchify.core.axes import CHANNELS, PIXELS, SIDE
from patchify.core.checks.reference import patch_order
from patchify.core.images.zorder import patches, row_major_filters, z_order

WIDTHS = [2, 4, 8, 16]
NUMBERED = np.arange(float(PIXELS)).reshape(SIDE, SIDE, CHANNELS)  # each number tells its row, column and channel


def test_a_2x2_image_is_listed_row_by_row_with_its_channels_together() -> None:
    assert z_order(2).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]


def test_a_4x4_image_is_listed_by_2x2_blocks() -> None:
    pixels = z_order(4)[::CHANNELS] // CHANNELS
    assert pixels.tolist() == [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]


def test_z_order_is_a_permutation_and_its_inverse_gives_the_image_back() -> None:
    order = z_order()
    z_ordered = NUMBERED.ravel()[order]
    assert sorted(order.tolist()) == list(range(PIXELS))
    assert np.array_equal(z_ordered[np.argsort(order)], NUMBERED.ravel())


@pytest.mark.parametrize("width", WIDTHS)
def test_every_patch_of_every_width_is_one_piece_in_z_order(width: int) -> None:
    z_ordered = NUMBERED.ravel()[z_order()][np.newaxis]
    found = patches(z_ordered, width)[0]
    grid = SIDE // width
    for patch, number in zip(found, patch_order(width), strict=True):
        row, column = divmod(int(number), grid)
        square = NUMBERED[row * width : (row + 1) * width, column * width : (column + 1) * width]
        assert np.array_equal(patch, square.ravel()[z_order(width)])


@pytest.mark.parametrize("width", WIDTHS)
def test_the_patch_matrix_is_a_view_of_the_images(width: int) -> None:
    images = np.zeros((3, PIXELS), np.float32)
    found = patches(images, width)
    assert np.shares_memory(found, images)
    assert found.shape == (3, (SIDE // width) ** 2, 3 * width**2)


@pytest.mark.parametrize("width", WIDTHS)
def test_filters_come_back_as_pictures_in_row_major_order(width: int) -> None:
    pictures = np.random.default_rng(0).standard_normal((5, width, width, 3))
    filters = pictures.reshape(5, -1).T[z_order(width)]
    assert np.array_equal(row_major_filters(filters, width), pictures)


def test_a_side_that_cannot_be_halved_to_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match="Z-order needs a side that is a power of two: got 12"):
        z_order(12)
