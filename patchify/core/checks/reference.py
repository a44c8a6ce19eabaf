"""The obvious, slow versions of what the core does fast, in the assignment's layout: the oracle of the tests.

An image is 32 x 32 x 3 in row-major order, the last axis of an array counts images, and matrices stand on the
left (s = W x + b). Equation numbers are those of the assignment (DD2424, assignment 3). Nothing here trains.
The last part translates between this layout and the core's Z-order.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from patchify.core.axes import CHANNELS, CLASSES, PIXELS, SIDE, Images, Labels
from patchify.core.images.zorder import z_order
from patchify.core.model.architecture import Architecture
from patchify.core.model.layers import Convolution, Dense
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters

Columns = Float[np.ndarray, "3072 N"]  # X: channel, row, column, as CIFAR-10 stores an image
Pictures = Float[np.ndarray, "32 32 3 N"]  # X_ims: row, column, channel
SquareFilters = Float[np.ndarray, "f f 3 F"]  # Fs
FlatFilters = Float[np.ndarray, "K F"]  # Fs_flat
PatchMatrices = Float[np.ndarray, "P K N"]  # MX
Convolved = Float[np.ndarray, "P F N"]  # conv_outputs_mat
Targets = Float[np.ndarray, "C N"]  # Y, and P
Factors = list[Float[np.ndarray, "_ N"]]


def pictures(columns: Columns) -> Pictures:
    """X (3072, n) unfolded into X_ims."""
    return np.transpose(columns.reshape((SIDE, SIDE, CHANNELS, -1), order="F"), (1, 0, 2, 3))


def flat(filters: SquareFilters) -> FlatFilters:
    """Fs_flat: each filter as a column, row by row, RGB innermost."""
    return filters.reshape((-1, filters.shape[3]), order="C")


def dot_products(images: Pictures, filters: SquareFilters) -> Float[np.ndarray, "grid grid F N"]:
    """The convolution as in its definition (Exercise 1, step 1): conv_outputs, one dot product a number."""
    side, filter_count, n = filters.shape[0], filters.shape[3], images.shape[3]
    grid = SIDE // side
    outputs = np.zeros((grid, grid, filter_count, n), images.dtype)
    for row, column, k, i in product(range(grid), range(grid), range(filter_count), range(n)):
        patch = images[row * side : (row + 1) * side, column * side : (column + 1) * side, :, i]
        outputs[row, column, k, i] = np.sum(np.multiply(patch, filters[:, :, :, k]))
    return outputs


def unfold(images: Pictures, side: int) -> PatchMatrices:
    """MX: the patches of width `side` of each image as rows, row by row (eqs. 10 and 12)."""
    grid, n = SIDE // side, images.shape[3]
    rows = np.zeros((grid * grid, side * side * CHANNELS, n), images.dtype)
    for row, column, i in product(range(grid), range(grid), range(n)):
        patch = images[row * side : (row + 1) * side, column * side : (column + 1) * side, :, i]
        rows[row * grid + column, :, i] = patch.reshape(-1, order="C")
    return rows


def matrix_products(patches: PatchMatrices, filters: FlatFilters) -> Convolved:
    """The convolution as one matrix product an image (step 2; eq. 16): conv_outputs_mat."""
    outputs = np.zeros((patches.shape[0], filters.shape[1], patches.shape[2]), patches.dtype)
    for i in range(patches.shape[2]):
        outputs[:, :, i] = np.matmul(patches[:, :, i], filters)
    return outputs


def einsum(patches: PatchMatrices, filters: FlatFilters) -> Convolved:
    """The convolution of the whole batch as an Einstein summation (step 3): conv_outputs_mat."""
    return np.asarray(np.einsum("ijn, jl -> iln", patches, filters, optimize=True))


@dataclass(slots=True, kw_only=True)
class RowMajorParameters:
    """The network's parameters, or the cost's gradient with respect to them, in the assignment's layout.

    filters, filter_biases: Fs (f, f, 3, nf) and (nf, 1) for each filter size; biases of zero are no biases
    weights, biases: W (outputs, inputs) and b (outputs, 1) for each dense layer
    """

    filters: list[Float[np.ndarray, "_ _ 3 _"]]
    filter_biases: list[Float[np.ndarray, "_ 1"]]
    weights: list[Float[np.ndarray, "_ _"]]
    biases: list[Float[np.ndarray, "_ 1"]]


@dataclass(slots=True, kw_only=True)
class Activations:
    """patches: MX for each filter size; inputs: what enters each dense layer, first h (eq. 2); probabilities: P.

    factors: what dropout has multiplied each of the inputs by
    """

    patches: list[Float[np.ndarray, "_ _ N"]]
    inputs: list[Float[np.ndarray, "_ N"]]
    factors: Factors
    probabilities: Targets


def forward(parameters: RowMajorParameters, images: Pictures, factors: Factors | None = None) -> Activations:
    """The network (eqs. 1-5); factors: what dropout multiplies each dense layer's inputs by, ones if not given."""
    n = images.shape[3]
    factors = factors or [np.ones((weights.shape[1], n)) for weights in parameters.weights]
    patches = [unfold(images, filters.shape[0]) for filters in parameters.filters]
    responses = [
        matrix_products(rows, flat(filters)) + bias[np.newaxis]
        for rows, filters, bias in zip(patches, parameters.filters, parameters.filter_biases, strict=True)
    ]
    h = np.concatenate([np.maximum(response.reshape((-1, n), order="C"), 0) for response in responses])
    inputs = [h * factors[0]]
    for weights, bias, factor in zip(parameters.weights[:-1], parameters.biases[:-1], factors[1:], strict=True):
        inputs.append(np.maximum(weights @ inputs[-1] + bias, 0) * factor)
    scores = parameters.weights[-1] @ inputs[-1] + parameters.biases[-1]
    powers = np.exp(scores - scores.max(axis=0))  # eq. 6, with numerator and denominator divided by the same number
    return Activations(patches=patches, inputs=inputs, factors=factors, probabilities=powers / powers.sum(axis=0))


def backward(
    parameters: RowMajorParameters, activations: Activations, targets: Targets, l2: float
) -> RowMajorParameters:
    """Gradients of `cost` after `forward` (eqs. 21, 22 and 24)."""
    n = targets.shape[1]
    d_outputs = -(targets - activations.probabilities)
    d_weights: list[Float[np.ndarray, "_ _"]] = []
    d_biases: list[Float[np.ndarray, "_ 1"]] = []
    layers = zip(parameters.weights, activations.inputs, activations.factors, strict=True)
    for weights, inputs, factors in reversed(list(layers)):
        d_weights.insert(0, d_outputs @ inputs.T / n + 2 * l2 * weights)
        d_biases.insert(0, d_outputs.sum(axis=1, keepdims=True) / n)
        d_outputs = (weights.T @ d_outputs) * factors * (inputs > 0)

    d_filters, d_filter_biases, start = [], [], 0
    for filters, rows in zip(parameters.filters, activations.patches, strict=True):
        end = start + rows.shape[0] * filters.shape[3]
        d_responses = d_outputs[start:end].reshape((rows.shape[0], filters.shape[3], n), order="C")
        d_flat = np.zeros_like(flat(filters))
        for i in range(n):
            d_flat += rows[:, :, i].T @ d_responses[:, :, i] / n
        d_filters.append(d_flat.reshape(filters.shape) + 2 * l2 * filters)
        d_filter_biases.append(d_responses.sum(axis=(0, 2))[:, np.newaxis] / n)
        start = end
    return RowMajorParameters(filters=d_filters, filter_biases=d_filter_biases, weights=d_weights, biases=d_biases)


def cost(parameters: RowMajorParameters, probabilities: Targets, targets: Targets, l2: float) -> float:
    """Mean of -sum(y log p) (eq. 20), and l2 times the sum of the squares of filters and weight matrices."""
    squares = sum(np.sum(weights**2) for weights in (*parameters.filters, *parameters.weights))
    return float(np.mean(-np.sum(targets * np.log(probabilities), axis=0)) + l2 * squares)


def smoothed_targets(labels: Labels, label_smoothing: float) -> Targets:
    """Y: 1 - epsilon on the true class, epsilon / (C - 1) on each other class (eq. 23)."""
    targets = np.full((CLASSES, len(labels)), label_smoothing / (CLASSES - 1))
    for i, label in enumerate(labels):
        targets[label, i] = 1 - label_smoothing
    return targets


def z_ordered_images(images: Pictures) -> Images:
    """Images as the core stores them."""
    row_major = images.reshape(PIXELS, -1)  # (row, column, channel), image
    return np.ascontiguousarray(row_major[z_order()].T)


def patch_order(side: int) -> Int[np.ndarray, "P"]:
    """Row-by-row numbers of the patches of width `side`, listed in Z-order."""
    return z_order(SIDE // side)[::CHANNELS] // CHANNELS


def response_order(architecture: Architecture) -> Int[np.ndarray, "D"]:
    """Positions in h (eq. 2, the filter innermost) of the responses, listed as the core keeps them."""
    parts, start = [], 0
    for side, filter_count in zip(architecture.filter_sizes, architecture.filter_counts, strict=True):
        positions = patch_order(side)[:, np.newaxis] * filter_count + np.arange(filter_count)  # patch, filter
        parts.append(start + positions.ravel())
        start += positions.size
    return np.concatenate(parts)


def dropout_factors(network: Network) -> Factors:
    """What the network's dropout multiplies each dense layer's inputs by, in the assignment's layout."""
    responses = np.concatenate([_factors(layer) for layer in network.convolutions], axis=1)
    by_row = np.argsort(response_order(network.gradients.architecture))
    return [responses[:, by_row].T, *(_factors(layer) for layer in network.dense[:-1])]


def _factors(layer: Convolution | Dense) -> Float[np.ndarray, "_ _"]:
    return layer.dropout.factors if layer.dropout else np.ones_like(layer.output)


def z_ordered(parameters: RowMajorParameters, architecture: Architecture) -> Parameters:
    """The same parameters as the core keeps them."""
    core = Parameters(architecture, parameters.weights[0].dtype)
    for ours, theirs in zip(core.filters, parameters.filters, strict=True):
        ours[...] = flat(theirs)[z_order(theirs.shape[0])]
    core.weights[0][...] = parameters.weights[0][:, response_order(architecture)]
    for ours, theirs in zip(core.weights[1:], parameters.weights[1:], strict=True):
        ours[...] = theirs
    biases = (*parameters.filter_biases, *parameters.biases)
    for our_bias, their_bias in zip((*core.filter_biases, *core.biases), biases, strict=True):
        our_bias[...] = their_bias[:, 0]
    return core


def row_major(core: Parameters) -> RowMajorParameters:
    """The same parameters in the assignment's layout: the inverse of `z_ordered`."""
    architecture = core.architecture
    sides = architecture.filter_sizes
    first = core.weights[0][:, np.argsort(response_order(architecture))]
    return RowMajorParameters(
        filters=[
            filters[np.argsort(z_order(side))].reshape(side, side, CHANNELS, -1)
            for side, filters in zip(sides, core.filters, strict=True)
        ],
        filter_biases=[bias[:, np.newaxis].copy() for bias in core.filter_biases],
        weights=[weights.copy() for weights in (first, *core.weights[1:])],
        biases=[bias[:, np.newaxis].copy() for bias in core.biases],
    )
