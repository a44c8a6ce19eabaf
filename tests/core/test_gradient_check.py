"""The gradient check finds what is wrong, and is not misled by ReLUs."""

import numpy as np
import pytest

from patchify.core.axes import Images
from patchify.core.checks.gradient_check import DIFFERENCE, Slope, check_gradients, sample
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import Examples
from patchify.core.model.losses import Regularizer
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters

ARCHITECTURE = Architecture(filter_sizes=[16], filter_counts=[2], hidden=[3])
REGULARIZER = Regularizer(l2=0.01, label_smoothing=0.1)


def slopes_of(parameters: Parameters, examples: Examples) -> list[Slope]:
    return check_gradients(parameters, examples, REGULARIZER, np.random.default_rng(1))


@pytest.mark.parametrize("damaged", ["filters_16", "filters_16_bias", "W1", "W1_bias", "W2", "W2_bias"])
def test_a_gradient_that_is_wrong_in_the_fifth_digit_is_noticed(damaged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backward = Network.backward

    def damaging(network: Network, images: Images) -> None:
        backward(network, images)
        network.gradients.named[damaged][...] *= 1 + 1e-4

    monkeypatch.setattr(Network, "backward", damaging)
    wrong = {
        slope.parameter for slope in slopes_of(*sample(ARCHITECTURE, np.random.default_rng(0), 4)) if slope.error > 1e-6
    }
    assert wrong == {damaged}


def test_the_parameters_are_as_they_were_afterwards() -> None:
    parameters, examples = sample(ARCHITECTURE, np.random.default_rng(0), 4)
    before = parameters.flat.copy()
    slopes_of(parameters, examples)
    assert np.array_equal(parameters.flat, before)


def test_a_difference_that_would_cross_a_kink_is_made_smaller() -> None:
    parameters, examples = sample(ARCHITECTURE, np.random.default_rng(0), 4)
    examples.images[...] = 0
    parameters.filter_biases[0][...] = DIFFERENCE / 3  # all that enters the first ReLUs, active by a hair
    slopes = [slope for slope in slopes_of(parameters, examples) if slope.parameter == "filters_16_bias"]
    assert min(abs(slope.analytic) for slope in slopes) > 1e-3
    assert max(slope.error for slope in slopes) < 1e-6


def test_a_relu_exactly_at_its_kink_is_refused() -> None:
    parameters, examples = sample(ARCHITECTURE, np.random.default_rng(0), 4)
    examples.images[...] = 0
    parameters.filter_biases[0][...] = 0
    with pytest.raises(
        ArithmeticError, match=r"a ReLU's input is zero to within .*: choose other parameters or images"
    ):
        slopes_of(parameters, examples)


def test_float32_is_refused() -> None:
    _, examples = sample(ARCHITECTURE, np.random.default_rng(0), 4)
    with pytest.raises(ValueError, match="dtype must be float64 to check gradients: got float32"):
        slopes_of(Parameters(ARCHITECTURE, np.float32), examples)
