"""The three convolutions of Exercise 1 and the fast one are the same convolution."""

import numpy as np
import pytest
from numpy.typing import DTypeLike

from patchify.core.axes import PIXELS
from patchify.core.checks import reference
from patchify.core.images.zorder import patches, z_order
from patchify.core.model.architecture import Architecture
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters

WIDTHS = [2, 4, 8, 16]
TOLERANCE = 1e-12  # float64 sums of at most 768 products near 1, in another order


def drawn(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Three images (32, 32, 3, 3) and five filters (f, f, 3, 5)."""
    rng = np.random.default_rng(width)
    return reference.pictures(rng.standard_normal((PIXELS, 3))), rng.standard_normal((width, width, 3, 5))


def test_a_stored_column_unfolds_to_row_column_and_channel() -> None:
    columns = np.arange(2.0 * PIXELS).reshape(PIXELS, 2)
    images = reference.pictures(columns)
    assert images.shape == (32, 32, 3, 2)
    # CIFAR-10 stores all of red, row by row, then green, then blue
    assert images[5, 7, 2, 1] == columns[2 * 1024 + 5 * 32 + 7, 1]


def test_the_patch_matrix_is_that_of_equation_12() -> None:
    row, column, channel, _ = np.indices((32, 32, 3, 1))
    images = 10_000.0 * row + 100 * column + channel
    rows = reference.unfold(images, 16)[:, :, 0]
    assert rows.shape == (4, 768)
    assert rows[0, :6].tolist() == [0, 1, 2, 100, 101, 102]
    assert rows[1, :3].tolist() == [1600, 1601, 1602]  # the second patch lies right of the first
    assert rows[2, 0] == 160_000  # the third below it
    assert rows[3, -1] == 313_102


def test_a_convolution_worked_by_hand() -> None:
    image = np.ones((32, 32, 3, 1))
    image[1, 2, 0, 0] = 3  # the red of the lower left pixel of the first row's second patch
    filters = np.zeros((2, 2, 3, 2))
    filters[..., 0] = 1  # the sum of a patch
    filters[1, 0, 0, 1] = 5  # five times the red of its lower left pixel
    outputs = reference.dot_products(image, filters)[..., 0]
    assert outputs.shape == (16, 16, 2)
    assert outputs[0, 1].tolist() == [11 + 3, 15]
    assert outputs[1, 0].tolist() == [12, 5]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_four_convolutions_agree(width: int) -> None:
    images, filters = drawn(width)
    flat_filters = reference.flat(filters)
    outputs = reference.dot_products(images, filters).reshape(-1, 5, 3)
    rows = reference.unfold(images, width)
    np.testing.assert_allclose(reference.matrix_products(rows, flat_filters), outputs, atol=TOLERANCE)
    np.testing.assert_allclose(reference.einsum(rows, flat_filters), outputs, atol=TOLERANCE)

    fast = patches(reference.z_ordered_images(images), width) @ flat_filters[z_order(width)]
    in_z_order = outputs.transpose(2, 0, 1)[:, reference.patch_order(width)]  # image, patch, filter
    np.testing.assert_allclose(fast, in_z_order, atol=TOLERANCE)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_convolution_that_training_uses_agrees_with_the_dot_products(width: int) -> None:
    images, filters = drawn(width)
    architecture = Architecture(filter_sizes=[width], filter_counts=[5], hidden=[1])
    parameters = Parameters(architecture, np.float64)
    parameters.filters[0][...] = reference.flat(filters)[z_order(width)]
    parameters.filter_biases[0][...] = bias = np.array([0.5, -1, 0, 2, -3])
    network = Network(parameters, 3)
    network.forward(reference.z_ordered_images(images))

    convolved = reference.dot_products(images, filters) + bias[:, np.newaxis]
    h = np.maximum(convolved, 0).reshape(-1, 3)  # eq. 2: patch by patch, the filter innermost
    in_z_order = h[reference.response_order(architecture)].T
    np.testing.assert_allclose(network.convolutions[0].output, in_z_order, atol=TOLERANCE)
    assert (h == 0).any()
    assert (h > 0).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_slow_convolutions_keep_the_dtype_of_their_input(dtype: DTypeLike) -> None:
    images, filters = [array.astype(dtype) for array in drawn(8)]
    rows = reference.unfold(images, 8)
    results = (
        reference.dot_products(images, filters),
        reference.matrix_products(rows, reference.flat(filters)),
        reference.einsum(rows, reference.flat(filters)),
    )
    assert {array.dtype for array in results} == {np.dtype(dtype)}
