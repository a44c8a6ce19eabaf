"""The parts of the network: each one's way back sits under its way forward.

A layer is made for batches of one size; its activations and their gradients are allocated then, and written to ever
after. Equation numbers are those of the assignment (DD2424, assignment 3).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from patchify.core.axes import PIXELS, Biases, Columns, Filters, Images, Vector, Weights
from patchify.core.model.activations import Dropout, ReLU
from patchify.core.model.products import pieces

Pair = tuple[Columns, Columns]
"""Values, one image a column, and the cost's gradient with respect to them."""


class Convolution:
    """Filters of one size, which move over the image by their own width, then ReLU (eq. 1), then dropout if asked for.

    output, d_output: (N, D) responses, patch by patch, and the cost's gradient with respect to them
    """

    def __init__(
        self, filters: Filters, bias: Biases, d_filters: Filters, d_bias: Biases, images: int, *, dropout: float
    ) -> None:
        numbers, filter_count = filters.shape  # K and F
        patches = PIXELS // numbers
        cut = pieces(images * patches, filters.size)
        self.filters, self.bias, self.d_filters, self.d_bias = filters, bias, d_filters, d_bias
        self.output: Float[np.ndarray, "N D"] = np.empty((images, patches * filter_count), filters.dtype)
        self.d_output: Float[np.ndarray, "N D"] = np.empty_like(self.output)
        self.relu = ReLU(self.output, self.d_output)
        self.dropout = Dropout(self.output, self.d_output, dropout) if dropout else None
        self.shape = (cut, images * patches // cut, numbers)  # of the batch: pieces, patches in a piece, numbers
        self.rows = self.output.reshape(*self.shape[:2], filter_count)
        self.d_rows = self.d_output.reshape(self.rows.shape)
        self.d_pieces = np.empty((cut, *filters.shape), filters.dtype)
        self.bias_row = np.empty(patches * filter_count, filters.dtype)
        self.bias_of_patches = self.bias_row.reshape(patches, filter_count)
        self.ones, self.patch_ones = np.ones(images, filters.dtype), np.ones(patches, filters.dtype)

    def forward(self, images: Images) -> None:
        """Responses of a batch: its patches, in Z-order, already are the rows of a matrix (eq. 16)."""
        np.matmul(images.reshape(self.shape), self.filters, out=self.rows)
        # measured: a bias of 10 numbers added patch by patch costs four times what one full row an image does
        self.bias_of_patches[...] = self.bias
        np.add(self.output, self.bias_row, out=self.output)
        self.relu.forward()
        if self.dropout:
            self.dropout.forward()

    def backward(self, images: Images) -> None:
        """Gradients of filters and biases from `d_output` (eqs. 21 and 22)."""
        if self.dropout:
            self.dropout.backward()
        self.relu.backward()
        np.matmul(images.reshape(self.shape).transpose(0, 2, 1), self.d_rows, out=self.d_pieces)
        np.add.reduce(self.d_pieces, axis=0, out=self.d_filters)
        np.matmul(self.ones, self.d_output, out=self.bias_row)  # which is free until the next `forward`
        np.matmul(self.patch_ones, self.bias_of_patches, out=self.d_bias)


class Product:
    """W x for a batch, one image a column: a term of a dense layer.

    output: (H, N) where W x is written; d_output: (H, N) where the cost's gradient with respect to it is found
    inputs, d_inputs: (D, N) x, and where the cost's gradient with respect to it is written
    mean: (D,) what is taken from x where the gradient of the weights is made of it, or None
    """

    def __init__(
        self,
        weights: Weights,
        d_weights: Weights,
        inputs: Pair,
        output: Columns,
        d_output: Columns,
        mean: Vector | None,
    ) -> None:
        values, d_values = inputs
        self.values, self.mean = values, mean
        self.centered = values if mean is None else np.empty_like(values)
        width, images = values.shape
        self.output = output
        cut = pieces(images, weights.size, results=len(weights))
        self.for_output = weights, _cut(values, cut), _cut(output, cut)  # W x, images in pieces
        cut = pieces(images, weights.size)
        self.for_d_inputs = weights.T, _cut(d_output, cut), _cut(d_values, cut)  # W^T d, images in pieces
        cut = pieces(width, d_output.size)
        self.for_d_weights = d_output, _cut(self.centered.T, cut), _cut(d_weights, cut)  # d x^T, inputs in pieces

    def forward(self) -> None:
        """The output, from what the inputs hold now."""
        left, right, product = self.for_output
        np.matmul(left, right, out=product)

    def backward(self) -> None:
        """Gradients of weights and inputs, from `d_output`."""
        for left, right, product in (self.for_d_weights, self.for_d_inputs):
            np.matmul(left, right, out=product)

    def center(self, decay: float) -> None:
        """Have the mean, if there is one, keep `decay` of itself and follow the inputs; then take it from them."""
        if self.mean is None:
            return
        self.mean += (1 - decay) * (self.values.mean(axis=1) - self.mean)
        np.subtract(self.values, self.mean[:, np.newaxis], out=self.centered)


class Dense:
    """s = W x + b, one image a column, in hidden layers then ReLU and dropout (eqs. 3, 4); x may come in parts (eq. 2).

    inputs: (D, N) the values of each part, and where the cost's gradient with respect to them is written
    means: (D,) of the inputs, where gradients are to be those of a layer of centered inputs, see `Preconditioning`
    output, d_output: (H, N) what comes out, and the cost's gradient with respect to it
    """

    def __init__(
        self,
        weights: Weights,
        bias: Biases,
        d_weights: Weights,
        d_bias: Biases,
        inputs: Sequence[Pair],
        *,
        hidden: bool,
        dropout: float = 0.0,
        means: Vector | None = None,
    ) -> None:
        images = inputs[0][0].shape[1]
        self.bias, self.d_bias, self.ones = bias[:, np.newaxis], d_bias, np.ones(images, weights.dtype)
        self.output: Columns = np.empty((len(bias), images), weights.dtype)
        self.d_output: Columns = np.empty_like(self.output)
        self.relu = ReLU(self.output, self.d_output) if hidden else None
        self.dropout = Dropout(self.output, self.d_output, dropout) if hidden and dropout else None
        ends = np.cumsum([len(values) for values, _ in inputs])[:-1]
        parts = zip(np.split(weights, ends, axis=1), np.split(d_weights, ends, axis=1), inputs, strict=True)
        outputs = [self.output, *(np.empty_like(self.output) for _ in ends)]
        means_of_parts = [None] * len(inputs) if means is None else np.split(means, ends)
        self.products = [
            Product(*part, output, self.d_output, mean)
            for part, output, mean in zip(parts, outputs, means_of_parts, strict=True)
        ]

    def forward(self) -> None:
        """The output, from what the inputs hold now."""
        for product in self.products:
            product.forward()
        for product in self.products[1:]:
            np.add(self.output, product.output, out=self.output)
        np.add(self.output, self.bias, out=self.output)
        if self.relu:
            self.relu.forward()
        if self.dropout:
            self.dropout.forward()

    def backward(self) -> None:
        """Gradients of weights, biases and inputs, from `d_output`."""
        if self.dropout:
            self.dropout.backward()
        if self.relu:
            self.relu.backward()
        np.matmul(self.d_output, self.ones, out=self.d_bias)
        for product in self.products:
            product.backward()
            if product.mean is not None:  # W (x - mean) + c is W x + b with b = c - W mean
                self.d_bias -= self.d_output @ (product.mean @ product.centered)


def _cut(matrix: Float[np.ndarray, "m n"], count: int) -> Float[np.ndarray, "_ m _"]:
    """A matrix as a stack of `count` blocks of its columns, a view."""
    return matrix.reshape(len(matrix), count, -1).transpose(1, 0, 2)
