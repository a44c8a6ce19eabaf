"""How much arithmetic training takes: the floating-point operations of its matrix products.

A product of an (m, k) and a (k, n) matrix counts as 2 m n k operations. Left out is all that goes number by number:
biases, ReLU, the loss and the step of the optimizer, which are few operations but, in small networks, half the time.
"""

from patchify.core.model.architecture import Architecture


def of_evaluation(architecture: Architecture, images: int) -> int:
    """Operations of the logits of so many images: one product a layer."""
    return 2 * images * (_convolutions(architecture) + _dense(architecture))


def of_update(architecture: Architecture, batch_size: int) -> int:
    """Operations of one update: of the logits, and of the gradients of all weights and of what enters dense layers.

    What enters a convolution needs none. With one filter size and one hidden layer these are the five large products,
    and the three of the last layer. Whitening is not counted: with batches of 100 it would add 0.003, 0.1, 4 and 87 %
    in architectures 1 to 4, whose filters are 2, 4, 8 and 16 wide.
    """
    return 2 * batch_size * (2 * _convolutions(architecture) + 3 * _dense(architecture))


def _convolutions(architecture: Architecture) -> int:
    """Multiplications for one image."""
    shapes = zip(architecture.patches, architecture.filter_shapes, strict=True)
    return sum(patches * numbers * count for patches, (numbers, count) in shapes)


def _dense(architecture: Architecture) -> int:
    return sum(outputs * inputs for outputs, inputs in architecture.dense_shapes)
