"""The network for batches of one size: forward and backward, written into arrays that are allocated once.

image -> patchify convolution(s) -> ReLU -> dense -> ReLU -> ... -> dense -> logits. Images lie in rows, so that a
batch's patches are a view of it (see images/zorder.py); from the first dense layer on, each image is a column, as in
the assignment.
"""

import numpy as np

from patchify.core.axes import Images, Scores, Vector
from patchify.core.model.layers import Convolution, Dense
from patchify.core.model.parameters import Parameters


class Network:
    """Parameters at work on batches of one size; the parameters are shared, not copied.

    convolutions: one layer for each filter size; dense: the hidden layers, then the one that gives the logits. They
        keep their activations until the next `forward`.
    d_logits: (C, N) the loss's gradient with respect to the logits, which `backward` begins from
    gradients: where `backward` ends
    means: (D,) of the inputs of all hidden layers, where these are centered; else empty
    """

    def __init__(
        self,
        parameters: Parameters,
        batch_size: int,
        *,
        dropout_responses: float = 0.0,
        dropout_hidden: float = 0.0,
        centered: bool = False,
    ) -> None:
        """dropout_responses, dropout_hidden: rates of a network that trains; evaluation drops nothing.

        centered: whether hidden layers have the gradients of ones whose inputs are centered, see `Preconditioning`;
            `center` is then to be called between `forward` and `backward`
        """
        self.batch_size = batch_size
        self.gradients = gradients = Parameters(parameters.architecture, parameters.flat.dtype)
        filters = zip(
            parameters.filters, parameters.filter_biases, gradients.filters, gradients.filter_biases, strict=True
        )
        self.convolutions = [Convolution(*arrays, batch_size, dropout=dropout_responses) for arrays in filters]
        inputs = [(layer.output.T, layer.d_output.T) for layer in self.convolutions]
        dense = zip(parameters.weights, parameters.biases, gradients.weights, gradients.biases, strict=True)
        self.dense: list[Dense] = []
        widths = [weights.shape[1] for weights in parameters.weights[:-1]] if centered else []
        self.means = np.zeros(sum(widths), gradients.flat.dtype)
        means: list[Vector | None] = [None] * len(parameters.weights)
        means[: len(widths)] = np.split(self.means, np.cumsum(widths)[:-1]) if centered else []
        for arrays, mean in zip(dense, means, strict=True):
            hidden = len(self.dense) < len(parameters.weights) - 1
            layer = Dense(*arrays, inputs, hidden=hidden, dropout=dropout_hidden, means=mean)
            inputs = [(layer.output, layer.d_output)]
            self.dense.append(layer)
        self.d_logits: Scores = self.dense[-1].d_output
        dropouts = [*(layer.dropout for layer in self.convolutions), *(layer.dropout for layer in self.dense)]
        self.dropouts = [dropout for dropout in dropouts if dropout]

    def drop_out(self, stream: np.random.Generator) -> None:
        """Choose anew what `forward` and `backward` drop, if they drop anything."""
        for dropout in self.dropouts:
            dropout.draw(stream)

    def forward(self, images: Images) -> Scores:
        """Logits of a batch (eqs. 1-4), in an array that the next call overwrites."""
        for convolution in self.convolutions:
            convolution.forward(images)
        for dense in self.dense:
            dense.forward()
        return self.dense[-1].output

    def center(self, decay: float) -> None:
        """Have `means` follow the inputs of hidden layers, keeping `decay` of themselves, where these are centered."""
        for dense in self.dense:
            for product in dense.products:
                product.center(decay)

    def backward(self, images: Images) -> None:
        """`gradients` of the loss, from `d_logits`, after `forward` with the same images."""
        for dense in reversed(self.dense):
            dense.backward()
        for convolution in self.convolutions:
            convolution.backward(images)
