"""Dropout: how much is dropped, what that does to the rest, and that it is the same on the way back."""

import numpy as np
import pytest

from patchify.core.axes import Columns
from patchify.core.checks.gradient_check import sample
from patchify.core.model.activations import DRAWN, Dropout
from patchify.core.model.architecture import Architecture
from patchify.core.model.network import Network

ARCHITECTURE = Architecture(filter_sizes=[4, 8], filter_counts=[3, 2], hidden=[20, 10])
COUNT = 2 * DRAWN + 1000  # two pieces and a rest


def dropout(rate: float, dtype: type = np.float64) -> Dropout:
    ones: Columns = np.ones((COUNT, 1), dtype)
    return Dropout(ones, ones.copy(), rate)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5, 0.9])
def test_values_are_dropped_at_the_rate_and_the_others_keep_the_mean(rate: float) -> None:
    layer = dropout(rate)
    layer.draw(np.random.default_rng(0))
    layer.forward()
    zeros = np.mean(layer.values == 0)
    deviation = np.sqrt(rate * (1 - rate) / COUNT)
    assert abs(zeros - rate) < 4 * deviation
    kept = layer.values[layer.values != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-3)  # of a rate kept to within 1 / 131,072
    assert abs(layer.values.mean() - 1) < 4 * deviation / (1 - rate)
    exactly = layer.dropped / 2**16
    assert kept[0] == 1 / (1 - exactly), "the mean is kept for the rate there is"
    assert abs(exactly - rate) <= 2**-17


def test_every_value_is_dropped_at_times_and_each_draw_is_another() -> None:
    layer, stream = dropout(0.5), np.random.default_rng(0)
    draws = []
    for _ in range(30):
        layer.draw(stream)
        draws.append(layer.factors == 0)
    assert np.all(np.any(draws, axis=0))  # one in 2^30 never is
    assert len({draw.tobytes() for draw in draws}) == 30


def test_what_is_dropped_does_not_depend_on_the_dtype() -> None:
    single, double = dropout(0.3, np.float32), dropout(0.3)
    for layer in (single, double):
        layer.draw(np.random.default_rng(0))
    assert single.factors.dtype == np.float32
    assert np.array_equal(single.factors == 0, double.factors == 0)


def test_no_gradient_passes_where_a_value_was_dropped_and_elsewhere_it_is_scaled_alike() -> None:
    layer = dropout(0.3)
    layer.draw(np.random.default_rng(0))
    layer.forward()
    layer.backward()
    assert np.array_equal(layer.d_values, layer.values)
    assert 0 < np.count_nonzero(layer.values) < COUNT


def test_nearly_everything_can_be_dropped() -> None:
    layer = dropout(1 - 1e-9)
    layer.draw(np.random.default_rng(0))
    assert np.isfinite(layer.factors).all()


@pytest.mark.parametrize(("responses", "hidden"), [(0.3, 0.0), (0.0, 0.5), (0.3, 0.5)])
def test_a_network_drops_responses_and_hidden_units_at_their_rates_and_never_logits(
    responses: float, hidden: float
) -> None:
    parameters, examples = sample(ARCHITECTURE, np.random.default_rng(0), 50)
    network = Network(parameters, 50, dropout_responses=responses, dropout_hidden=hidden)
    network.drop_out(np.random.default_rng(0))
    network.forward(examples.images)
    network.d_logits[...] = 1
    network.backward(examples.images)
    for convolution in network.convolutions:
        assert_drops(convolution.dropout, responses)
    for dense in network.dense[:-1]:
        assert_drops(dense.dropout, hidden)
    assert network.dense[-1].dropout is None


def assert_drops(layer: Dropout | None, rate: float) -> None:
    assert (layer is None) == (rate == 0)
    if layer:
        dropped = layer.factors == 0
        assert abs(np.mean(dropped) - rate) < 4 * np.sqrt(rate * (1 - rate) / dropped.size)
        assert not layer.values[dropped].any()
        assert not layer.d_values[dropped].any()
        assert np.count_nonzero(layer.values[~dropped]) > 0.2 * dropped.size  # ReLU is active half of the time


def test_a_network_for_evaluation_drops_nothing() -> None:
    parameters, examples = sample(ARCHITECTURE, np.random.default_rng(0), 5)
    training = Network(parameters, 5, dropout_responses=0.5, dropout_hidden=0.5)
    evaluating = Network(parameters, 5)
    before = training.forward(examples.images).copy()
    training.drop_out(np.random.default_rng(0))
    stream = np.random.default_rng(0)
    evaluating.drop_out(stream)
    assert stream.bit_generator.state == np.random.default_rng(0).bit_generator.state
    assert np.array_equal(evaluating.forward(examples.images), before)
    assert not np.array_equal(training.forward(examples.images), before)
