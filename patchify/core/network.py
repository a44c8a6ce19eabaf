"""Forward and backward through the network, written into arrays that are allocated once.

image -> patchify convolution(s) -> ReLU -> dense -> ReLU -> ... -> dense -> logits. Equation numbers are
those of the assignment (DD2424, assignment 3). Arrays are stored one image a row, so the assignment's
`s = W x + b` reads `s = x W + b` here, and a batch's patches are a view of the batch (see zorder.py).
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import DTypeLike

from patchify.core.architecture import Architecture
from patchify.core.axes import PIXELS, Images, Scores
from patchify.core.parameters import Parameters


class Layer:
    """One layer's outputs for a batch after ReLU, and what its backward pass needs.

    output: (N, width); d_output: (N, width) the cost's gradient with respect to what went into the ReLU
    """

    __slots__ = ("active", "d_output", "output", "zeros")

    output: Float[np.ndarray, "N D"]
    d_output: Float[np.ndarray, "N D"]
    active: Bool[np.ndarray, "N D"]
    zeros: Float[np.ndarray, "N D"]

    def __init__(self, images: int, width: int, dtype: DTypeLike) -> None:
        self.output = np.empty((images, width), dtype)
        self.d_output = np.empty((images, width), dtype)
        self.active = np.empty((images, width), bool)
        self.zeros = np.zeros((images, width), dtype)

    def relu(self) -> None:
        """Negative outputs become zero, in place."""
        # measured: the maximum with an array of zeros is three times as fast as with the number 0
        np.maximum(self.output, self.zeros, out=self.output)

    def d_relu(self) -> None:
        """No gradient passes where the output was not positive, in place."""
        np.greater(self.output, 0, out=self.active)
        np.multiply(self.d_output, self.active, out=self.d_output)


class Workspace:
    """The batch, activations and gradients of one batch size, so that a step allocates nothing."""

    __slots__ = ("batch", "biases", "d_logits", "hidden", "logits", "ones", "partial", "responses", "targets")

    def __init__(self, architecture: Architecture, images: int, dtype: DTypeLike) -> None:
        self.batch: Images = np.empty((images, PIXELS), dtype)
        widths = [n * count for n, count in zip(architecture.patches, architecture.filter_counts, strict=True)]
        self.responses = [Layer(images, width, dtype) for width in widths]
        self.biases = [np.empty(width, dtype) for width in widths]
        outputs = [width for _, width in architecture.dense_shapes]
        self.hidden = [Layer(images, width, dtype) for width in outputs[:-1]]
        self.partial = np.empty((images, outputs[0]), dtype)
        self.logits: Scores = np.empty((images, outputs[-1]), dtype)
        self.d_logits: Scores = np.empty((images, outputs[-1]), dtype)
        self.targets: Scores = np.empty((images, outputs[-1]), dtype)
        self.ones = np.ones(images, dtype)


def forward(parameters: Parameters, images: Images, work: Workspace) -> Scores:
    """Logits of a batch (eqs. 1-4), written to `work.logits`; other activations stay in `work` for `backward`."""
    responses = zip(work.responses, work.biases, parameters.filters, parameters.filter_biases, strict=True)
    for layer, bias, filters, filter_bias in responses:
        numbers, filter_count = filters.shape  # K and F
        np.matmul(images.reshape(-1, numbers), filters, out=layer.output.reshape(-1, filter_count))  # eq. 16
        # measured: a bias of 10 numbers added patch by patch costs four times what one full row an image does
        bias.reshape(-1, filter_count)[...] = filter_bias
        np.add(layer.output, bias, out=layer.output)
        layer.relu()

    outputs = [layer.output for layer in work.hidden] + [work.logits]
    _join(work, parameters.weights[0], outputs[0])
    np.add(outputs[0], parameters.biases[0], out=outputs[0])
    later = zip(pairwise(outputs), work.hidden, parameters.weights[1:], parameters.biases[1:], strict=True)
    for (inputs, output), layer, weights, bias in later:
        layer.relu()
        np.matmul(inputs, weights, out=output)
        np.add(output, bias, out=output)
    return work.logits


def backward(parameters: Parameters, images: Images, work: Workspace, gradients: Parameters) -> None:
    """Gradients of the loss whose gradient with respect to the logits is `work.d_logits`, after `forward`.

    Written into `gradients`; the arrays of `work` are used up.
    """
    inputs = [layer.output for layer in work.hidden]
    d_outputs = [layer.d_output for layer in work.hidden] + [work.d_logits]
    for depth in range(len(inputs), 0, -1):
        np.matmul(inputs[depth - 1].T, d_outputs[depth], out=gradients.weights[depth])
        np.matmul(work.ones, d_outputs[depth], out=gradients.biases[depth])
        np.matmul(d_outputs[depth], parameters.weights[depth].T, out=d_outputs[depth - 1])
        work.hidden[depth - 1].d_relu()
    np.matmul(work.ones, d_outputs[0], out=gradients.biases[0])
    _d_join(work, parameters.weights[0], d_outputs[0], gradients.weights[0])

    d_responses = zip(work.responses, work.biases, gradients.filters, gradients.filter_biases, strict=True)
    for layer, bias, d_filters, d_filter_bias in d_responses:
        layer.d_relu()
        numbers, filter_count = d_filters.shape
        d_output = layer.d_output.reshape(-1, filter_count)
        np.matmul(images.reshape(-1, numbers).T, d_output, out=d_filters)  # eq. 21: one GEMM over batch and patches
        np.matmul(work.ones, layer.d_output, out=bias)
        np.sum(bias.reshape(-1, filter_count), axis=0, out=d_filter_bias)


def _join(work: Workspace, weights: Float[np.ndarray, "D H"], output: Float[np.ndarray, "N H"]) -> None:
    """The first dense layer over all filter sizes: eq. 2's concatenation as a sum over blocks of rows of W1."""
    start = 0
    for layer in work.responses:
        end = start + layer.output.shape[1]
        product = np.matmul(layer.output, weights[start:end], out=work.partial if start else output)
        if start:
            np.add(output, product, out=output)
        start = end


def _d_join(
    work: Workspace,
    weights: Float[np.ndarray, "D H"],
    d_output: Float[np.ndarray, "N H"],
    d_weights: Float[np.ndarray, "D H"],
) -> None:
    start = 0
    for layer in work.responses:
        end = start + layer.output.shape[1]
        np.matmul(layer.output.T, d_output, out=d_weights[start:end])
        np.matmul(d_output, weights[start:end].T, out=layer.d_output)
        start = end
