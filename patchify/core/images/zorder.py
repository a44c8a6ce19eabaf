"""Z-order: the order of an image's numbers in which every patch is contiguous.

The image is cut into 2x2 blocks recursively, RGB innermost. For every filter width f that is a power of two, the
patches of an image then lie one after the other, so the matrix of patches of a whole batch is a view of the batch.
"""

import numpy as np
from jaxtyping import Float, Int

from patchify.core.axes import CHANNELS, SIDE, Images, Patches


def z_order(side: int = SIDE) -> Int[np.ndarray, "numbers"]:
    """Positions in row-major order (row, column, channel) of the numbers of a side x side image, listed in Z-order.

    `row_major.take(z_order(), axis=-1)` is in Z-order, and `take(np.argsort(z_order()), axis=-1)` undoes it.

    >>> z_order(4)[::3] // 3
    array([ 0,  1,  4,  5,  2,  3,  6,  7,  8,  9, 12, 13, 10, 11, 14, 15])
    """
    bits = side.bit_length() - 1
    if side != 1 << bits:
        raise ValueError(f"Z-order needs a side that is a power of two: got {side}")
    binary = np.arange(side * side * CHANNELS).reshape(*[2] * (2 * bits), CHANNELS)  # row bits, column bits, channel
    interleaved = [axis for bit in range(bits) for axis in (bit, bits + bit)]
    return binary.transpose(*interleaved, 2 * bits).ravel()


def patches(images: Images, side: int) -> Patches:
    """The patches of width `side` of each image, as a view: patches and the numbers in them are both in Z-order."""
    return images.reshape(len(images), (SIDE // side) ** 2, CHANNELS * side * side)


def row_major_filters(filters: Float[np.ndarray, "K F"], side: int) -> Float[np.ndarray, "F {side} {side} 3"]:
    """Filters over Z-ordered patches as small row-major RGB images, one a filter."""
    rows = filters[np.argsort(z_order(side))]
    return rows.T.reshape(-1, side, side, CHANNELS)
