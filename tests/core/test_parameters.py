"""All parameters in one vector, by name, and their initial values."""

import hashlib

import numpy as np
import pytest

from patchify.core.model.architecture import Architecture
from patchify.core.model.parameters import Parameters, he_initialised

ARCHITECTURE = Architecture(filter_sizes=[4, 16], filter_counts=[3, 2], hidden=[7, 5])
SHAPES = {
    "filters_4": (48, 3),
    "filters_16": (768, 2),
    "W1": (7, 64 * 3 + 4 * 2),
    "W2": (5, 7),
    "W3": (10, 5),
    "filters_4_bias": (3,),
    "filters_16_bias": (2,),
    "W1_bias": (7,),
    "W2_bias": (5,),
    "W3_bias": (10,),
}


def test_every_parameter_has_a_name_and_a_shape() -> None:
    parameters = Parameters(ARCHITECTURE, np.float32)
    assert {name: array.shape for name, array in parameters.named.items()} == SHAPES
    assert parameters.flat.size == sum(int(np.prod(shape)) for shape in SHAPES.values())
    assert not parameters.flat.any()
    assert parameters.flat.dtype == np.float32


def test_names_and_lists_are_views_of_the_one_vector() -> None:
    parameters = Parameters(ARCHITECTURE, np.float64)
    parameters.flat[...] = np.arange(parameters.flat.size)
    lists = (*parameters.filters, *parameters.weights, *parameters.filter_biases, *parameters.biases)
    assert [array.shape for array in lists] == list(SHAPES.values())
    for listed, named in zip(lists, parameters.named.values(), strict=True):
        assert np.array_equal(listed, named)
        assert np.shares_memory(listed, parameters.flat)
    assert np.array_equal(np.concatenate([array.ravel() for array in lists]), parameters.flat)


def test_what_l2_penalises_is_all_but_the_biases() -> None:
    parameters = Parameters(ARCHITECTURE, np.float64)
    parameters.penalised[...] = 1
    for name, array in parameters.named.items():
        assert np.all(array == (0 if name.endswith("_bias") else 1)), name


def test_initial_weights_have_variance_two_over_fan_in_and_biases_are_zero() -> None:
    wide = Architecture(filter_sizes=[8], filter_counts=[500], hidden=[60])
    parameters = he_initialised(wide, np.random.default_rng(0), np.float64)
    for name, fan_in in (("filters_8", 192), ("W1", 8000)):
        weights = parameters.named[name]
        # of 96,000 numbers or more: the mean varies by 0.3 % of the spread and the variance by 0.5 %; five times that
        assert abs(weights.mean()) < 0.016 * np.sqrt(2 / fan_in)
        assert weights.var() == pytest.approx(2 / fan_in, rel=0.025)
    assert not any(bias.any() for bias in (*parameters.filter_biases, *parameters.biases))


def test_float32_starts_from_the_same_numbers_as_float64() -> None:
    single, double = (
        he_initialised(ARCHITECTURE, np.random.default_rng(3), dtype) for dtype in (np.float32, np.float64)
    )
    assert np.array_equal(single.flat, double.flat.astype(np.float32))


def test_assigned_arrays_are_copied_in_by_name() -> None:
    source, target = (
        he_initialised(ARCHITECTURE, np.random.default_rng(0), np.float32),
        Parameters(ARCHITECTURE, np.float32),
    )
    target.assign(source.named)
    assert np.array_equal(source.flat, target.flat)
    assert not np.shares_memory(source.flat, target.flat)


def test_the_digest_is_of_names_types_shapes_and_bytes() -> None:
    parameters = Parameters(Architecture(filter_sizes=[16], filter_counts=[1], hidden=[1]), np.float32)
    parameters.flat[...] = np.arange(parameters.flat.size)
    expected = hashlib.sha256()
    for name, array in parameters.named.items():
        expected.update(f"{name} <f4 {array.shape}\n".encode() + array.tobytes())
    assert parameters.digest() == expected.hexdigest()


def test_networks_that_differ_in_anything_have_different_digests() -> None:
    digests = []
    for architecture in (ARCHITECTURE, Architecture(filter_sizes=[16, 4], filter_counts=[2, 3], hidden=[7, 5])):
        for dtype in (np.float32, np.float64):
            parameters = Parameters(architecture, dtype)
            digests.append(parameters.digest())
            parameters.flat[-1] = 1
            digests.append(parameters.digest())
            parameters.flat[-1] = 1 + np.finfo(dtype).eps
            digests.append(parameters.digest())
    assert len(set(digests)) == 12


def test_a_missing_array_is_named() -> None:
    named = dict(Parameters(ARCHITECTURE, np.float32).named)
    del named["W2"]
    with pytest.raises(KeyError, match="W2"):
        Parameters(ARCHITECTURE, np.float32).assign(named)


def test_an_array_that_numpy_would_repeat_to_fit_is_refused() -> None:
    named = {**Parameters(ARCHITECTURE, np.float32).named, "W2": np.ones((5, 1), np.float32)}
    with pytest.raises(ValueError, match=r"W2 must have shape \(5, 7\): got \(5, 1\)"):
        Parameters(ARCHITECTURE, np.float32).assign(named)
