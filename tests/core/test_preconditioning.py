"""Preconditioned training against plain training in the coordinates that it stands for."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from jaxtyping import Float

from patchify.core.axes import PIXELS, Scores
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import Examples, predict
from patchify.core.model.layers import Convolution, Dense
from patchify.core.model.losses import Regularizer, softmax
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters, he_initialised
from patchify.core.training.averaging import decay_at
from patchify.core.training.optimizers import SGD, Optimizer
from patchify.core.training.preconditioning import Preconditioning, Whitening
from patchify.core.training.streams import streams
from patchify.core.training.update import MEANS_DECAY, Update
from tests.core.trainings import examples, fresh, start

L2 = 0.01
REGULARIZER = Regularizer(l2=L2, label_smoothing=0.0)
DROPPING = Regularizer(l2=L2, label_smoothing=0.1, dropout_responses=0.2, dropout_hidden=0.2)
RATE = 0.05
EVERYTHING = np.arange(30)
"""All examples, as one batch."""


def alike_neighbours(count: int = 30) -> Examples:
    """Images in which a pixel is much like the one before."""
    rng = np.random.default_rng(4)
    images = np.cumsum(rng.standard_normal((count, PIXELS)), axis=1)
    images -= images.mean(axis=0)
    return Examples(images=images / images.std(), labels=rng.integers(10, size=count))


def a_network(side: int) -> Parameters:
    architecture = Architecture(filter_sizes=[side], filter_counts=[3], hidden=[6, 5])
    return he_initialised(architecture, np.random.default_rng(3), np.float64)


def updates(
    parameters: Parameters, train: Examples, optimizer: Optimizer, count: int, **changes: object
) -> Iterator[list[Float[np.ndarray, "_ N"]]]:
    """Updates in place, each followed by the factors of its dropout, by layer."""
    settings = {"regularizer": REGULARIZER, "optimizer": optimizer, "augmentation": Augmentation(), **changes}
    update = Update(parameters, **settings, batch_size=len(train.labels), random=streams(0))  # type: ignore[arg-type]
    for step in range(count):
        update(train, EVERYTHING, step, RATE)
        responses, hidden = update.network.convolutions, update.network.dense[:-1]
        yield [
            np.concatenate([factors_of(layer).T for layer in responses]),
            *(factors_of(layer) for layer in hidden),
        ]


def factors_of(layer: Convolution | Dense) -> Float[np.ndarray, "_ _"]:
    return layer.dropout.factors if layer.dropout else np.ones_like(layer.output)


@pytest.mark.parametrize("side", [2, 4, 8])
@pytest.mark.parametrize("optimizer", [SGD(momentum=0.0), SGD(momentum=0.9, nesterov=True)], ids=["plain", "nesterov"])
def test_whitening_is_plain_training_on_whitened_patches(side: int, optimizer: Optimizer) -> None:
    train = alike_neighbours()
    ours, theirs = a_network(side), a_network(side)
    whitening = Whitening(0.1, ours.filters, train.images)
    whitening.start(ours.filters)
    (root,) = whitening.roots
    patches = train.images.reshape(-1, len(root)) @ root
    whitened = Examples(images=patches.reshape(len(train.labels), PIXELS), labels=train.labels)
    list(updates(ours, train, optimizer, 5, whitening=whitening))
    list(updates(theirs, whitened, optimizer, 5))
    np.testing.assert_allclose(predict(ours, train.images), predict(theirs, whitened.images), atol=1e-10)
    np.testing.assert_allclose(ours.filters[0], root @ theirs.filters[0], atol=1e-10)


def test_roots_leave_patches_with_no_correlations_and_their_mean_variance() -> None:
    train = alike_neighbours()
    (root,) = Whitening(0.0, a_network(2).filters, train.images).roots
    patches = train.images.reshape(-1, len(root))
    before, after = (numbers.T @ numbers / len(numbers) for numbers in (patches, patches @ root))
    np.testing.assert_allclose(after, np.eye(len(root)) * np.trace(before) / len(root), atol=1e-8)
    np.testing.assert_allclose(root, root.T, atol=1e-12)


def test_what_is_added_to_the_variances_bounds_how_much_the_least_is_blown_up() -> None:
    train = alike_neighbours()
    spreads = [
        np.ptp(np.log(np.linalg.eigvalsh(Whitening(added, a_network(4).filters, train.images).roots[0])))
        for added in (0.01, 0.1, 1.0, 1000.0)
    ]
    assert all(less < more for more, less in pairwise(spreads))
    assert spreads[-1] < 0.1


@pytest.mark.parametrize("regularizer", [REGULARIZER, DROPPING], ids=["all inputs", "dropout"])
def test_centering_is_plain_training_of_hidden_layers_whose_inputs_lose_their_running_means(
    regularizer: Regularizer,
) -> None:
    train = alike_neighbours()
    architecture = Architecture(filter_sizes=[8, 16], filter_counts=[3, 2], hidden=[6, 5])
    ours = he_initialised(architecture, np.random.default_rng(3), np.float64)
    theirs = Parameters(architecture, np.float64)
    theirs.flat[...] = ours.flat
    means = [np.zeros(weights.shape[1]) for weights in ours.weights[:-1]]
    changes = {"regularizer": regularizer, "centered": True}
    for step, factors in enumerate(updates(ours, train, SGD(momentum=0.0), 4, **changes)):
        targets = regularizer.target_table(np.float64)[:, train.labels]
        plain_step_of_centered_layers(theirs, means, train, targets, factors, decay_at(step, MEANS_DECAY))
    np.testing.assert_allclose(ours.flat, theirs.flat, atol=1e-12)


def plain_step_of_centered_layers(
    parameters: Parameters,
    means: list[Float[np.ndarray, "_"]],
    train: Examples,
    targets: Scores,
    factors: list[Float[np.ndarray, "_ N"]],
    decay: float,
) -> None:
    """A step of a network of hidden layers W (x - mean) + c, where c = b + W mean while the means stay; in place.

    factors: what the inputs of all layers behind the convolutions are multiplied by
    """
    images = [train.images.reshape(-1, len(filters)) for filters in parameters.filters]
    responses = [
        patches @ filters + bias
        for patches, filters, bias in zip(images, parameters.filters, parameters.filter_biases, strict=True)
    ]
    parts = [np.maximum(one, 0).reshape(len(train.labels), -1).T for one in responses]
    inputs = [np.concatenate(parts) * factors[0]]
    for weights, bias, factor in zip(parameters.weights, parameters.biases, factors[1:], strict=False):
        inputs.append(np.maximum(weights @ inputs[-1] + bias[:, np.newaxis], 0) * factor)
    logits = parameters.weights[-1] @ inputs[-1] + parameters.biases[-1][:, np.newaxis]
    d = (softmax(logits, np.empty_like(logits)) - targets) / len(train.labels)
    for i in reversed(range(len(parameters.weights))):
        values, weights, bias = inputs[i], parameters.weights[i], parameters.biases[i]
        mean = np.zeros(len(values))
        if i < len(means):
            mean = means[i] = decay * means[i] + (1 - decay) * values.mean(axis=1)
        d_inputs = (weights.T @ d) * (values > 0) * factors[i]
        c = bias + weights @ mean - RATE * d.sum(axis=1)
        step = RATE * d @ (values - mean[:, np.newaxis]).T
        bias[...] = c - (weights - step) @ mean
        weights -= step + RATE * 2 * L2 * weights
        d = d_inputs
    d_parts = np.split(d, np.cumsum([len(part) for part in parts])[:-1])
    for patches, filters, bias, d_part in zip(
        images, parameters.filters, parameters.filter_biases, d_parts, strict=True
    ):
        d_responses = d_part.T.reshape(-1, len(bias))
        np.subtract(filters, RATE * (patches.T @ d_responses + 2 * L2 * filters), out=filters)
        np.subtract(bias, RATE * d_responses.sum(axis=0), out=bias)


def test_whitening_and_centering_draw_the_same_random_numbers_and_compute_the_same_function() -> None:
    plain, turned = fresh(), fresh()
    one = start(plain, regularizer=DROPPING)
    other = start(turned, regularizer=DROPPING, preconditioning=Preconditioning(whiten=0.1, center=True))
    changed = {name for name, array in turned.named.items() if not np.array_equal(array, plain.named[name])}
    assert changed == {"filters_16"}
    list(one)
    list(other)
    assert other.state().streams == one.state().streams
    assert "input_means" in other.state().arrays
    assert np.abs(turned.flat - plain.flat).max() > 1e-3
    images = examples(20, seed=5).images
    network = Network(turned, len(images), centered=True)
    for _ in range(2):
        np.testing.assert_array_equal(network.forward(images), predict(turned, images))
        network.center(0.5)


@pytest.mark.parametrize("added", [1e-6, 0.1])
def test_patches_fewer_than_their_numbers_are_whitened_too(added: float) -> None:
    whitening = Whitening(added, fresh().filters, examples(3).images)
    (root,) = whitening.roots
    assert np.isfinite(root).all()
    np.testing.assert_allclose(root, root.T, rtol=1e-4, atol=1e-4)
    gradients = [np.ones_like(one) for one in fresh().filters]
    whitening.turn(gradients)
    assert np.isfinite(gradients[0]).all()
