"""Steps of the optimizers worked by hand, and a hundred of them beside PyTorch's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from patchify.core.axes import Vector
from patchify.core.checks.gradient_check import sample
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.losses import Regularizer
from patchify.core.model.parameters import Parameters
from patchify.core.training.optimizers import SGD, AdamW, Block, Optimizer
from patchify.core.training.streams import streams
from patchify.core.training.update import Update
from tests.core.trainings import ARCHITECTURE

EXACT = 1e-15  # one or two float64 roundings
STEPS = (([0.5, 1.0], 0.1), ([1.0, 0.0], 0.2))
ADAMW = AdamW(beta1=0.5, beta2=0.75, epsilon=1.0, weight_decay=0.1)  # for round numbers


def block(optimizer: Optimizer, parameters: Vector, *, l2: float = 0.0, penalised: bool = True) -> Block:
    return Block(
        parameters=parameters,
        gradients=np.zeros_like(parameters),
        state={name: np.zeros_like(parameters) for name in optimizer.state_names},
        scratch=np.empty_like(parameters),
        l2=l2,
        penalised=penalised,
        average=None,
    )


def moved(optimizer: Optimizer, parameters: Vector, *steps: tuple[list[float], float], **kind: Any) -> Block:
    """Move `parameters` along the given gradients at the given rates; returns all in the end."""
    moving = block(optimizer, parameters, **kind)
    for step, (gradients, rate) in enumerate(steps):
        moving.gradients[...] = np.array(gradients) * optimizer.gradient_scale(rate)
        optimizer.update(moving, rate=rate, step=step)
    return moving


def test_plain_steps_worked_by_hand() -> None:
    parameters = np.array([1.0, -2.0])
    assert not moved(SGD(momentum=0.0), parameters, STEPS[0]).state
    np.testing.assert_allclose(parameters, [0.95, -2.1], atol=EXACT)
    moved(SGD(momentum=0.0), parameters, STEPS[1])
    np.testing.assert_allclose(parameters, [0.75, -2.1], atol=EXACT)


def test_steps_with_momentum_worked_by_hand() -> None:
    parameters = np.array([1.0, -2.0])
    velocity = moved(SGD(momentum=0.9), parameters, *STEPS).state["velocity"]
    np.testing.assert_allclose(velocity, [1.45, 0.9], atol=EXACT)
    np.testing.assert_allclose(parameters, [0.66, -2.28], atol=EXACT)


def test_nesterovs_steps_worked_by_hand() -> None:
    parameters = np.array([1.0, -2.0])
    velocity = moved(SGD(momentum=0.9, nesterov=True), parameters, *STEPS).state["velocity"]
    np.testing.assert_allclose(velocity, [1.45, 0.9], atol=EXACT)  # as without
    # 0.1 * 1.9 * gradient, then 0.2 * (1 + 0.9 * 1.45) and 0.2 * 0.9 * 0.9
    np.testing.assert_allclose(parameters, [1 - 0.095 - 0.461, -2 - 0.19 - 0.162], atol=EXACT)


def test_adamws_steps_worked_by_hand() -> None:
    parameters = np.array([2.0])
    moving = moved(ADAMW, parameters, ([3.0], 0.1))
    assert (moving.state["mean"].tolist(), moving.state["square"].tolist()) == ([1.5], [2.25])
    # decay by 0.1 * 0.1; the corrected averages are 3 and 9, whose root plus epsilon is 4
    np.testing.assert_allclose(parameters, [2 * 0.99 - 0.1 * 3 / 4], atol=EXACT)
    moving.gradients[...] = -1.0
    ADAMW.update(moving, rate=0.2, step=1)
    # mean 0.75 - 0.5 over 1 - 0.5^2; square 1.6875 + 0.25 over 1 - 0.75^2
    expected = 1.905 * 0.98 - 0.2 * (0.25 / 0.75) / ((1.9375 / 0.4375) ** 0.5 + 1)
    np.testing.assert_allclose(parameters, [expected], atol=EXACT)


def test_adamw_lets_biases_be_without_decay() -> None:
    parameters = np.array([2.0])
    moved(ADAMW, parameters, ([3.0], 0.1), penalised=False)
    np.testing.assert_allclose(parameters, [2 - 0.075], atol=EXACT)


def test_a_penalty_pulls_towards_zero_with_twice_lambda_times_the_parameter() -> None:
    parameters = np.array([1.0, -2.0])
    moved(SGD(momentum=0.0), parameters, STEPS[0], l2=0.5)  # gradients 0.5 + 1 and 1 - 2
    np.testing.assert_allclose(parameters, [0.85, -1.9], atol=EXACT)


def test_with_momentum_the_penalty_goes_into_the_velocity() -> None:
    parameters = np.array([1.0, -2.0])
    velocity = moved(SGD(momentum=0.9), parameters, *STEPS, l2=0.5).state["velocity"]
    np.testing.assert_allclose(velocity, [0.9 * 1.5 + 1 + 0.85, -0.9 - 1.9], atol=EXACT)
    np.testing.assert_allclose(parameters, [0.85 - 0.2 * 3.2, -1.9 + 0.2 * 2.8], atol=EXACT)


def test_nesterov_and_adamw_take_the_penalty_for_a_part_of_the_gradient() -> None:
    parameters = np.array([1.0])
    moved(SGD(momentum=0.9, nesterov=True), parameters, ([0.5], 0.1), l2=0.5)
    np.testing.assert_allclose(parameters, [1 - 0.1 * 1.9 * 1.5], atol=EXACT)
    parameters = np.array([1.0])
    state = moved(ADAMW, parameters, ([2.0], 0.1), l2=0.5).state
    assert (state["mean"].tolist(), state["square"].tolist()) == ([1.5], [2.25])
    np.testing.assert_allclose(parameters, [0.99 - 0.075], atol=EXACT)


def test_an_update_lets_weights_decay_and_biases_not() -> None:
    before, examples = sample(ARCHITECTURE, np.random.default_rng(0), 5)
    ends = []
    for decay in (0.0, 0.5):
        parameters = Parameters(ARCHITECTURE, np.float64)
        parameters.flat[...] = before.flat
        update = Update(
            parameters,
            regularizer=Regularizer(l2=0.0, label_smoothing=0.0),
            optimizer=AdamW(beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=decay),
            augmentation=Augmentation(),
            batch_size=5,
            random=streams(0),
        )
        update(examples, np.arange(5), step=0, rate=0.1)
        ends.append(parameters)
    count = len(before.penalised)
    np.testing.assert_allclose(ends[1].penalised, ends[0].penalised - 0.1 * 0.5 * before.penalised, atol=EXACT)
    assert np.array_equal(ends[1].flat[count:], ends[0].flat[count:])
    assert np.abs(before.flat[count:]).min() > 0


@pytest.mark.parametrize(
    ("optimizer", "name", "settings"),
    [
        (SGD(momentum=0.0), "SGD", {}),
        (SGD(momentum=0.9), "SGD", {"momentum": 0.9}),
        (SGD(momentum=0.9, nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
        (AdamW(beta1=0.8, beta2=0.99, epsilon=1e-8, weight_decay=0.3), "AdamW", {"betas": (0.8, 0.99)}),
    ],
    ids=["plain", "heavy ball", "Nesterov", "AdamW"],
)
def test_a_hundred_updates_end_where_pytorchs_do(optimizer: Optimizer, name: str, settings: Mapping[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    weights, biases = rng.standard_normal(6), rng.standard_normal(4)
    l2, decays = (0.0, [0.3, 0.0]) if name == "AdamW" else (0.05, [2 * 0.05, 0.0])
    theirs = [torch.tensor(array, requires_grad=True) for array in (weights, biases)]
    groups = [{"params": [tensor], "weight_decay": decay} for tensor, decay in zip(theirs, decays, strict=True)]
    beside = getattr(torch.optim, name)(groups, lr=1.0, **settings)
    blocks = [block(optimizer, weights, l2=l2), block(optimizer, biases, penalised=False)]
    for step in range(100):
        rate = 0.05 * (1 + np.sin(step))
        for group in beside.param_groups:
            group["lr"] = rate
        for ours, tensor in zip(blocks, theirs, strict=True):
            gradients = np.cos(3 * ours.parameters) + rng.standard_normal(ours.parameters.size)
            tensor.grad = torch.tensor(gradients)
            ours.gradients[...] = gradients * optimizer.gradient_scale(rate)
            optimizer.update(ours, rate=rate, step=step)
        beside.step()
    for ours, tensor in zip(blocks, theirs, strict=True):
        # a hundred updates of numbers near 1, each good to 1e-16, whose gradients follow them
        np.testing.assert_allclose(ours.parameters, tensor.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.0), SGD(momentum=0.9), SGD(momentum=0.9, nesterov=True), ADAMW])
def test_the_dtype_is_kept(optimizer: Optimizer) -> None:
    parameters = np.ones(2, np.float32)
    moving = moved(optimizer, parameters, *STEPS, l2=0.5)
    assert {array.dtype for array in (parameters, *moving.state.values())} == {np.dtype(np.float32)}


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan")])
def test_an_impossible_momentum_is_refused(momentum: float) -> None:
    message = rf"momentum must lie in \[0, 1\): got {momentum}; choose 0 for none, or 0.9"
    with pytest.raises(ValueError, match=message):
        SGD(momentum=momentum)


def test_nesterov_without_momentum_is_refused() -> None:
    message = "nesterov must be false without momentum: got True; choose a momentum, as 0.9"
    with pytest.raises(ValueError, match=message):
        SGD(momentum=0.0, nesterov=True)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("beta1", 1.0, r"beta1 must lie in \[0, 1\): got 1.0; choose 0.9 and 0.999"),
        ("beta2", -0.1, r"beta2 must lie in \[0, 1\): got -0.1"),
        ("epsilon", 0.0, "epsilon must be positive and finite: got 0.0; choose 1e-8"),
        ("epsilon", float("nan"), "epsilon must be positive and finite: got nan"),
        ("weight_decay", -1.0, "weight_decay must be at least 0: got -1.0; choose 0 or more"),
        ("weight_decay", float("inf"), "weight_decay must be finite: got inf; choose about 0.01"),
    ],
)
def test_an_impossible_adamw_is_refused(setting: str, value: float, message: str) -> None:
    sound = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01}
    with pytest.raises(ValueError, match=message):
        AdamW(**{**sound, setting: value})
