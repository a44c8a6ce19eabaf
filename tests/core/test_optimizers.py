"""Steps of gradient descent worked by hand."""

import numpy as np
import pytest

from patchify.core.optimizers import SGD

EXACT = 1e-15  # one or two float64 roundings


def test_plain_steps_worked_by_hand() -> None:
    sgd, parameters = SGD(momentum=0.0), np.array([1.0, -2.0])
    velocity, scratch = sgd.initial_state(parameters), np.empty(2)
    assert velocity.size == 0
    sgd.update(parameters, np.array([0.5, 1.0]), velocity, 0.1, scratch)
    np.testing.assert_allclose(parameters, [0.95, -2.1], atol=EXACT)
    sgd.update(parameters, np.array([1.0, 0.0]), velocity, 0.2, scratch)
    np.testing.assert_allclose(parameters, [0.75, -2.1], atol=EXACT)


def test_steps_with_momentum_worked_by_hand() -> None:
    sgd, parameters = SGD(momentum=0.9), np.array([1.0, -2.0])
    velocity, scratch = sgd.initial_state(parameters), np.empty(2)
    sgd.update(parameters, np.array([0.5, 1.0]), velocity, 0.1, scratch)
    np.testing.assert_allclose(velocity, [0.5, 1.0], atol=EXACT)
    np.testing.assert_allclose(parameters, [0.95, -2.1], atol=EXACT)
    sgd.update(parameters, np.array([1.0, 0.0]), velocity, 0.2, scratch)
    np.testing.assert_allclose(velocity, [1.45, 0.9], atol=EXACT)
    np.testing.assert_allclose(parameters, [0.66, -2.28], atol=EXACT)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_gradients_are_left_alone_and_the_dtype_kept(momentum: float) -> None:
    sgd, parameters, gradients = SGD(momentum=momentum), np.ones(3, np.float32), np.full(3, 2, np.float32)
    velocity = sgd.initial_state(parameters)
    sgd.update(parameters, gradients, velocity, 0.5, np.empty_like(parameters))
    assert np.array_equal(gradients, [2, 2, 2])
    assert parameters.dtype == velocity.dtype == np.float32


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan")])
def test_an_impossible_momentum_is_refused(momentum: float) -> None:
    message = rf"momentum must lie in \[0, 1\): got {momentum}; choose 0 for none, or 0.9"
    with pytest.raises(ValueError, match=message):
        SGD(momentum=momentum)
