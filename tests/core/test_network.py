"""Forward and backward against the slow reference, and against central differences."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from patchify.core.axes import PIXELS
from patchify.core.checks import reference
from patchify.core.checks.gradient_check import analytic_gradients, check_gradients, dropping, sample
from patchify.core.checks.reference import RowMajorParameters
from patchify.core.images.augmentation import Augmentation
from patchify.core.images.moves import Border
from patchify.core.images.zorder import z_order
from patchify.core.model import layers
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import BATCH, Examples, evaluate, predict, probabilities
from patchify.core.model.losses import Regularizer
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters, he_initialised
from patchify.core.training.optimizers import SGD, AdamW
from patchify.core.training.streams import streams
from patchify.core.training.update import Update

ARCHITECTURES = {
    "one filter size": Architecture(filter_sizes=[4], filter_counts=[3], hidden=[6]),
    "four filter sizes": Architecture(filter_sizes=[2, 4, 8, 16], filter_counts=[2, 3, 4, 5], hidden=[6]),
    "sizes in no order": Architecture(filter_sizes=[16, 2], filter_counts=[5, 2], hidden=[6]),
    "three hidden layers": Architecture(filter_sizes=[8], filter_counts=[4], hidden=[7, 6, 5]),
}
BOTH = Regularizer(l2=0.02, label_smoothing=0.1)
ALL = Regularizer(l2=0.02, label_smoothing=0.1, dropout_responses=0.3, dropout_hidden=0.3)
IMAGES = 6
TOLERANCE = 1e-12  # float64 sums near 1 in another order

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES.keys())
each_regularizer = pytest.mark.parametrize(
    "regularizer", [Regularizer(l2=0.0, label_smoothing=0.0), BOTH, ALL], ids=["plain", "both", "with dropout"]
)


def pictures_of(examples: Examples) -> reference.Pictures:
    """The same images in row-major order."""
    row_major = examples.images[:, np.argsort(z_order())]
    return row_major.T.reshape(32, 32, 3, -1)


def assert_same(ours: RowMajorParameters, theirs: RowMajorParameters) -> None:
    for name in ("filters", "filter_biases", "weights", "biases"):
        for our_array, their_array in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_allclose(our_array, their_array, atol=TOLERANCE, err_msg=name)


@each_architecture
def test_the_forward_pass_agrees_with_the_reference(architecture: Architecture) -> None:
    parameters, examples = sample(architecture, np.random.default_rng(1), IMAGES)
    slow = reference.forward(reference.row_major(parameters), pictures_of(examples))
    fast = probabilities(parameters, examples.images)
    np.testing.assert_allclose(fast, slow.probabilities, atol=TOLERANCE)
    assert np.ptp(fast, axis=1).max() > 0.1  # the images do not all look alike to it


@each_architecture
@each_regularizer
def test_every_gradient_agrees_with_the_reference(architecture: Architecture, regularizer: Regularizer) -> None:
    parameters, examples = sample(architecture, np.random.default_rng(2), IMAGES)
    slow_parameters = reference.row_major(parameters)
    targets = reference.smoothed_targets(examples.labels, regularizer.label_smoothing)
    factors = reference.dropout_factors(dropping(parameters, IMAGES, regularizer))
    activations = reference.forward(slow_parameters, pictures_of(examples), factors)
    slow = reference.backward(slow_parameters, activations, targets, regularizer.l2)
    fast = analytic_gradients(parameters, examples, regularizer)
    assert_same(reference.row_major(fast), slow)
    assert all(np.abs(gradient).max() > 1e-4 for gradient in fast.named.values())  # none agrees by being zero


@each_architecture
def test_loss_cost_and_accuracy_agree_with_the_reference(architecture: Architecture) -> None:
    parameters, examples = sample(architecture, np.random.default_rng(3), IMAGES)
    slow = reference.row_major(parameters)
    found = reference.forward(slow, pictures_of(examples)).probabilities
    plain, smoothed = (reference.smoothed_targets(examples.labels, epsilon) for epsilon in (0.0, BOTH.label_smoothing))
    fast = evaluate(parameters, examples, BOTH)
    assert fast.loss == pytest.approx(reference.cost(slow, found, plain, 0.0), rel=TOLERANCE)
    assert fast.cost == pytest.approx(reference.cost(slow, found, smoothed, BOTH.l2), rel=TOLERANCE)
    assert fast.accuracy == np.mean([found[:, i].argmax() == label for i, label in enumerate(examples.labels)])


@each_architecture
@each_regularizer
def test_every_gradient_agrees_with_central_differences(architecture: Architecture, regularizer: Regularizer) -> None:
    rng = np.random.default_rng(4)
    parameters, examples = sample(architecture, rng, IMAGES)
    slopes = check_gradients(parameters, examples, regularizer, rng)
    assert {slope.parameter for slope in slopes} == set(parameters.named)
    assert max(slope.error for slope in slopes) < 1e-7  # differences of 1e-5 in float64 are good to about 1e-8


@each_architecture
def test_translating_to_the_assignments_layout_and_back_changes_nothing(architecture: Architecture) -> None:
    parameters, _ = sample(architecture, np.random.default_rng(5), 1)
    there = reference.row_major(parameters)
    assert np.array_equal(reference.z_ordered(there, architecture).flat, parameters.flat)


def test_float32_stays_float32_and_near_float64() -> None:
    architecture = ARCHITECTURES["four filter sizes"]
    parameters, examples = sample(architecture, np.random.default_rng(6), IMAGES)
    single = Parameters(architecture, np.float32)
    single.flat[...] = parameters.flat
    images = examples.images.astype(np.float32)
    logits = predict(single, images)
    gradients = analytic_gradients(single, Examples(images=images, labels=examples.labels), BOTH)
    forwarded = Network(single, IMAGES).forward(images)
    assert logits.dtype == forwarded.dtype == gradients.flat.dtype == np.float32
    # float32 has seven digits, of which sums of some hundred terms lose one or two
    np.testing.assert_allclose(logits, predict(parameters, examples.images), atol=1e-4)
    expected = analytic_gradients(parameters, examples, BOTH)
    np.testing.assert_allclose(gradients.flat, expected.flat, atol=1e-4)


def test_images_in_several_batches_are_scored_as_each_by_itself() -> None:
    architecture = Architecture(filter_sizes=[16], filter_counts=[2], hidden=[3])
    rng = np.random.default_rng(7)
    parameters = he_initialised(architecture, rng, np.float64)
    images = rng.standard_normal((2 * BATCH + 1, PIXELS))
    logits = predict(parameters, images)
    network = Network(parameters, 1)
    for i in (0, BATCH - 1, BATCH, 2 * BATCH):
        np.testing.assert_allclose(logits[:, i : i + 1], network.forward(images[i : i + 1]), atol=TOLERANCE)


@each_architecture
def test_products_in_pieces_come_to_the_same(architecture: Architecture, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters, examples = sample(architecture, np.random.default_rng(2), IMAGES)
    gradients, logits = analytic_gradients(parameters, examples, BOTH), predict(parameters, examples.images)
    cuts: list[int] = []

    def halves(length: int, *_: int, **__: int) -> int:
        cuts.append(1 + (length % 2 == 0))
        return cuts[-1]

    monkeypatch.setattr(layers, "pieces", halves)
    in_pieces = analytic_gradients(parameters, examples, BOTH)
    np.testing.assert_allclose(in_pieces.flat, gradients.flat, atol=TOLERANCE)
    np.testing.assert_allclose(predict(parameters, examples.images), logits, atol=TOLERANCE)
    assert 2 in cuts


def an_update(architecture: Architecture, **changes: Any) -> Callable[[int], None]:
    """A function that makes the update of this number, with everything allocated."""
    rng = np.random.default_rng(8)
    parameters = he_initialised(architecture, rng, np.float32)
    train = Examples(images=rng.standard_normal((300, PIXELS), dtype=np.float32), labels=rng.integers(10, size=300))
    settings = {"regularizer": BOTH, "optimizer": SGD(momentum=0.9), "augmentation": Augmentation(), **changes}
    update = Update(parameters, **settings, batch_size=100, random=streams(0))

    def make(step: int) -> None:
        update(train, rng.permutation(300)[:100], step, rate=1e-4)

    return make


WHOLE_RECIPE = {
    "regularizer": ALL,
    "augmentation": Augmentation(flip=True, shift=4, border=Border.reflect, cutout=8),
    "ema_decay": 0.999,
    "centered": True,
}


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": SGD(momentum=0.0)},
        {"optimizer": SGD(momentum=0.9)},
        {"optimizer": SGD(momentum=0.9, nesterov=True), **WHOLE_RECIPE},
        {"optimizer": AdamW(beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01), **WHOLE_RECIPE},
    ],
    ids=["plain", "momentum", "recipe with nesterov", "recipe with adamw"],
)
def test_hundreds_of_updates_allocate_next_to_nothing(changes: dict[str, Any]) -> None:
    update = an_update(ARCHITECTURES["four filter sizes"], **changes)
    update(0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for step in range(1, 501):
        update(step)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - before < 96 * 1024  # NumPy takes 64 to add a column; 500 arrays have 54 or more


@pytest.mark.parametrize("architecture", [ARCHITECTURES["one filter size"], ARCHITECTURES["three hidden layers"]])
def test_an_update_multiplies_each_matrix_once_forward_and_twice_backward(
    architecture: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = an_update(architecture)
    matmul, dimensions = np.matmul, []

    def counted(one: np.ndarray, other: np.ndarray, out: np.ndarray) -> np.ndarray:
        dimensions.append(out.ndim)
        return matmul(one, other, out=out)

    monkeypatch.setattr(np, "matmul", counted)
    update(0)
    matrices = 1 + len(architecture.dense_shapes)
    assert len([ndim for ndim in dimensions if ndim > 1]) == 3 * matrices - 1  # the images' gradient is not needed
    assert dimensions.count(1) == matrices + 1  # the gradients of the biases, that of the filters' in two steps
