"""Softmax, cross-entropy, smoothing and L2 against numbers worked by hand."""

import math

import numpy as np
import pytest
from numpy.typing import DTypeLike

from patchify.core.model.architecture import Architecture
from patchify.core.model.losses import Regularizer, accuracy, cross_entropies, d_cross_entropy, softmax
from patchify.core.model.parameters import Parameters

HALF_ON_THE_FIRST = np.log([[1 / 2], *[[1 / 18]] * 9])  # logits whose softmax is 1/2 and nine times 1/18
EXACT = 1e-14  # a handful of float64 operations


def parameters_of_ones() -> Parameters:
    """48 filter weights in 2 filters, 2*64*3 and 3*10 weights, all 1, and biases of 100."""
    parameters = Parameters(Architecture(filter_sizes=[4], filter_counts=[2], hidden=[3]), np.float64)
    parameters.flat[...] = 100
    parameters.penalised[...] = 1
    return parameters


def test_smoothing_gives_each_other_class_its_share_of_epsilon() -> None:
    table = Regularizer(l2=0.0, label_smoothing=0.18).target_table(np.float64)
    np.testing.assert_allclose(table[3], [0.02] * 3 + [0.82] + [0.02] * 6, atol=EXACT)
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=EXACT)
    assert np.array_equal(Regularizer(l2=0.0, label_smoothing=0.0).target_table(np.float64), np.eye(10))


def test_a_smoothed_cross_entropy_worked_by_hand() -> None:
    targets = Regularizer(l2=0.0, label_smoothing=0.1).target_table(np.float64)
    likely = 0.9 * math.log(2) + 0.1 * math.log(18)  # the true class is the first
    unlikely = 0.1 / 9 * math.log(2) + (0.9 + 8 * 0.1 / 9) * math.log(18)
    assert likely == pytest.approx(0.91287, abs=1e-5)  # by pocket calculator
    assert cross_entropies(HALF_ON_THE_FIRST, targets[:, [0]])[0] == pytest.approx(likely, abs=EXACT)
    assert cross_entropies(HALF_ON_THE_FIRST, targets[:, [4]])[0] == pytest.approx(unlikely, abs=EXACT)


def test_the_gradient_is_the_mean_difference_of_probabilities_and_targets() -> None:
    logits = np.hstack([HALF_ON_THE_FIRST, HALF_ON_THE_FIRST])
    targets = np.eye(10)[:, [0, 1]]
    found = d_cross_entropy(logits, targets, out=np.empty_like(logits))
    np.testing.assert_allclose(found[:, 0], [-1 / 4, *[1 / 36] * 9], atol=EXACT)
    np.testing.assert_allclose(found[:, 1], [1 / 4, -17 / 36, *[1 / 36] * 8], atol=EXACT)


def test_probabilities_worked_by_hand() -> None:
    found = softmax(HALF_ON_THE_FIRST, out=np.empty_like(HALF_ON_THE_FIRST))
    np.testing.assert_allclose(found[:, 0], [1 / 2, *[1 / 18] * 9], atol=EXACT)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_overflow_nothing(dtype: DTypeLike) -> None:
    logits = np.zeros((10, 2), dtype)
    logits[7] = 1e30, -1e30
    found = softmax(logits, out=np.empty_like(logits))
    np.testing.assert_allclose(found[:, 0], np.eye(10)[7])
    np.testing.assert_allclose(found[:, 1], (1 - np.eye(10)[7]) / 9, rtol=1e-6)  # float32's last digit
    targets = np.eye(10, dtype=dtype)[:, [7, 0]]
    np.testing.assert_allclose(cross_entropies(logits, targets), [0, math.log(9)], rtol=1e-6)


def test_l2_counts_filters_and_weights_but_no_biases() -> None:
    parameters = parameters_of_ones()
    weights = 48 * 2 + 2 * 64 * 3 + 3 * 10
    assert Regularizer(l2=0.5, label_smoothing=0.0).penalty(parameters) == 0.5 * weights
    assert Regularizer(l2=0.0, label_smoothing=0.0).penalty(parameters) == 0


def test_accuracy_is_the_fraction_whose_largest_score_is_at_their_label() -> None:
    scores = np.eye(10)[:, [3, 1, 4, 1]]
    assert accuracy(scores, np.array([3, 1, 4, 5])) == 0.75


@pytest.mark.parametrize(
    ("l2", "label_smoothing", "message"),
    [
        (-0.1, 0.0, "l2 must be at least 0: got -0.1; choose 0 or more"),
        (math.nan, 0.0, "l2 must be at least 0: got nan"),
        (math.inf, 0.0, "l2 must be finite: got inf"),
        (0.0, 1.0, r"label_smoothing must lie in \[0, 1\): got 1.0; choose 0 for none, or about 0.1"),
        (0.0, -0.1, r"label_smoothing must lie in \[0, 1\): got -0.1"),
        (0.0, math.nan, r"label_smoothing must lie in \[0, 1\): got nan"),
    ],
)
def test_an_impossible_regularizer_is_refused(l2: float, label_smoothing: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Regularizer(l2=l2, label_smoothing=label_smoothing)


@pytest.mark.parametrize("rate", ["dropout_responses", "dropout_hidden"])
@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan])
def test_an_impossible_rate_of_dropout_is_refused(rate: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{rate} must lie in \[0, 1\): got {value}; choose 0 for none, or about 0.1"):
        Regularizer(l2=0.0, label_smoothing=0.0, **{rate: value})
