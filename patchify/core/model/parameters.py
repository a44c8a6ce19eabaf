"""All numbers of the network in one vector, with views of it by name."""

import hashlib
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from patchify.core.axes import Filters, Vector, Weights
from patchify.core.model.architecture import Architecture
from patchify.core.rules import require


class Parameters:
    """Filters, weight matrices and biases (or their gradients, or a velocity), as views of one vector.

    One vector makes an update, a norm, a checkpoint or a gradient check one line. Weights come before
    biases, so that what L2 penalises is its first part.

    architecture: whose parameters they are
    flat: (T,) everything; penalised: view of the filters and weight matrices alone
    filters, filter_biases: (K, F) and (F,) for each filter size; one bias a filter
    weights, biases: (outputs, inputs) and (outputs,) for each dense layer, as in s = W x + b
    """

    __slots__ = ("architecture", "biases", "filter_biases", "filters", "flat", "named", "penalised", "weights")

    flat: Vector
    penalised: Vector
    filters: list[Filters]
    filter_biases: list[Float[np.ndarray, "F"]]
    weights: list[Weights]
    biases: list[Float[np.ndarray, "H"]]
    named: dict[str, Float[np.ndarray, "..."]]

    def __init__(self, architecture: Architecture, dtype: DTypeLike) -> None:
        """All zeros."""
        self.architecture = architecture
        filters = zip(architecture.filter_sizes, architecture.filter_shapes, strict=True)
        weight_shapes: dict[str, tuple[int, ...]] = {
            **{f"filters_{size}": shape for size, shape in filters},
            **{f"W{layer}": shape for layer, shape in enumerate(architecture.dense_shapes, start=1)},
        }
        widths = [*architecture.filter_counts, *(outputs for outputs, _ in architecture.dense_shapes)]
        bias_shapes = {f"{name}_bias": (width,) for name, width in zip(weight_shapes, widths, strict=True)}
        shapes = {**weight_shapes, **bias_shapes}
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
        self.flat = np.zeros(ends[-1], dtype)
        self.penalised = self.flat[: ends[len(weight_shapes) - 1]]
        parts = np.split(self.flat, ends[:-1])  # views
        self.named = {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
        arrays = list(self.named.values())
        sizes, layers = len(architecture.filter_sizes), len(weight_shapes)
        self.filters, self.weights = arrays[:sizes], arrays[sizes:layers]
        self.filter_biases, self.biases = arrays[layers : layers + sizes], arrays[layers + sizes :]

    def assign(self, named: Mapping[str, Float[np.ndarray, "..."]]) -> None:
        """Copy in arrays by the names of `named`; a KeyError or ValueError tells which is missing or misshapen."""
        for name, array in self.named.items():
            shape = named[name].shape  # checked, since NumPy would repeat an array of one column to fill ten
            require(shape == array.shape, name, f"must have shape {array.shape}", shape, "take its own architecture's")
            array[...] = named[name]

    def digest(self) -> str:
        """SHA-256 over the names, types, shapes and bytes of all arrays."""
        digest = hashlib.sha256()
        for name, array in self.named.items():
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.data)
        return digest.hexdigest()


def he_initialised(architecture: Architecture, rng: np.random.Generator, dtype: DTypeLike) -> Parameters:
    """Weights from N(0, 2 / fan-in), zero biases (He et al. 2015, "Delving deep into rectifiers", eq. 10).

    Drawn in float64 for every dtype, so that float32 and float64 runs start from the same numbers.
    """
    parameters = Parameters(architecture, dtype)
    fans_in = [*(len(filters) for filters in parameters.filters), *(len(weights.T) for weights in parameters.weights)]
    for weights, fan_in in zip((*parameters.filters, *parameters.weights), fans_in, strict=True):
        weights[...] = rng.standard_normal(weights.shape) * np.sqrt(2 / fan_in)
    return parameters
