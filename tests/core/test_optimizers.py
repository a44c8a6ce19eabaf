"""Steps of gradient descent worked by hand."""

import numpy as np
import pytest

from patchify.core.axes import Vector, Velocity
from patchify.core.optimizers import SGD

EXACT = 1e-15  # one or two float64 roundings


def moved(sgd: SGD, parameters: Vector, *steps: tuple[list[float], float], l2: float = 0.0) -> Velocity:
    """Move `parameters` along the given gradients at the given rates; returns the velocity in the end."""
    velocity = sgd.initial_state(parameters)
    for gradients, rate in steps:
        scaled = np.array(gradients, parameters.dtype) * sgd.gradient_scale(rate)
        sgd.update(parameters, scaled, velocity, np.empty_like(parameters), rate=rate, l2=l2)
    return velocity


STEPS = (([0.5, 1.0], 0.1), ([1.0, 0.0], 0.2))


def test_plain_steps_worked_by_hand() -> None:
    parameters = np.array([1.0, -2.0])
    assert moved(SGD(momentum=0.0), parameters, STEPS[0]).size == 0
    np.testing.assert_allclose(parameters, [0.95, -2.1], atol=EXACT)
    moved(SGD(momentum=0.0), parameters, STEPS[1])
    np.testing.assert_allclose(parameters, [0.75, -2.1], atol=EXACT)


def test_steps_with_momentum_worked_by_hand() -> None:
    parameters = np.array([1.0, -2.0])
    np.testing.assert_allclose(moved(SGD(momentum=0.9), parameters, *STEPS), [1.45, 0.9], atol=EXACT)
    np.testing.assert_allclose(parameters, [0.66, -2.28], atol=EXACT)


def test_a_penalty_pulls_towards_zero_with_twice_lambda_times_the_parameter() -> None:
    parameters = np.array([1.0, -2.0])
    moved(SGD(momentum=0.0), parameters, STEPS[0], l2=0.5)  # gradients 0.5 + 1 and 1 - 2
    np.testing.assert_allclose(parameters, [0.85, -1.9], atol=EXACT)


def test_with_momentum_the_penalty_goes_into_the_velocity() -> None:
    parameters = np.array([1.0, -2.0])
    velocity = moved(SGD(momentum=0.9), parameters, *STEPS, l2=0.5)
    np.testing.assert_allclose(velocity, [0.9 * 1.5 + 1 + 0.85, -0.9 - 1.9], atol=EXACT)
    np.testing.assert_allclose(parameters, [0.85 - 0.2 * 3.2, -1.9 + 0.2 * 2.8], atol=EXACT)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_dtype_is_kept(momentum: float) -> None:
    parameters = np.ones(2, np.float32)
    velocity = moved(SGD(momentum=momentum), parameters, *STEPS, l2=0.5)
    assert parameters.dtype == velocity.dtype == np.float32


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan")])
def test_an_impossible_momentum_is_refused(momentum: float) -> None:
    message = rf"momentum must lie in \[0, 1\): got {momentum}; choose 0 for none, or 0.9"
    with pytest.raises(ValueError, match=message):
        SGD(momentum=momentum)
