"""Every array of the course's debugging file, computed again by the slow and by the fast code."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from patchify.core.axes import SIDE, Labels
from patchify.core.checks import reference
from patchify.core.checks.reference import RowMajorParameters
from patchify.core.images.zorder import patches, row_major_filters, z_order
from patchify.core.model.architecture import Architecture
from patchify.core.model.losses import Regularizer, d_cross_entropy, softmax
from patchify.core.model.network import Network
from patchify.gradcheck.debug_file import INPUTS, Array, DebugFile, DebugFileError

LIMIT = 1e-10
"""Largest difference that passes: in float64 the order of summation alone makes about 1e-14."""

DENSE = ("W1", "b1", "W2", "b2")
NEEDS = {
    "Y": ("y",),
    "nh": ("W1",),
    "X1": ("W1", "b1"),
    "P": DENSE,
    **dict.fromkeys(("grad_Fs_flat", "grad_W1", "grad_b1", "grad_W2", "grad_b2"), (*DENSE, "Y")),
}
"""What an array is computed from besides X and Fs."""


@dataclass(slots=True, kw_only=True)
class Row:
    """The largest absolute differences of an array from what the slow and the fast code compute."""

    key: str
    slow: float
    fast: float


@dataclass(slots=True, kw_only=True)
class Comparison:
    """rows: arrays computed again; given: arrays taken as they are; unchecked: arrays whose inputs are missing."""

    rows: list[Row]
    given: list[str]
    unchecked: list[str]

    @property
    def worst(self) -> float:
        """Largest difference; NaN if one is."""
        return float(np.max([[row.slow, row.fast] for row in self.rows]))


def compare(file: DebugFile) -> Comparison:
    """Compute again whatever the file's arrays allow; raises DebugFileError if that is nothing."""
    arrays = file.arrays
    labels = arrays.get("y", file.zeros("y")).astype(int)
    available = {*arrays, "Y"} if "y" in arrays else set(arrays)
    checked = [key for key in arrays if (key not in INPUTS or key == "Y") and available.issuperset(NEEDS.get(key, ()))]
    given = [key for key in INPUTS if key in arrays and key not in checked]
    if not checked:
        raise DebugFileError(f"the file must hold arrays to compare with: got {', '.join(arrays)}; choose a fuller one")

    # zeros stand for what is missing, and what depends on them is not reported
    stand_ins = {**{key: file.zeros(key) for key in DENSE}, "Y": reference.smoothed_targets(labels, 0.0)}
    inputs = {**stand_ins, **arrays}
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows becomes a difference that fails
        slow, fast = _by_slow_code(inputs, labels), _by_fast_code(inputs, labels)
        rows = [
            Row(
                key=key,
                slow=float(np.abs(slow[key] - arrays[key]).max()),
                fast=float(np.abs(fast[key] - arrays[key]).max()),
            )
            for key in checked
        ]
    unchecked = [key for key in arrays if key not in checked and key not in given]
    return Comparison(rows=rows, given=given, unchecked=unchecked)


def _by_slow_code(inputs: Mapping[str, Array], labels: Labels) -> dict[str, Array]:
    images, parameters = reference.pictures(inputs["X"]), _parameters(inputs)
    filters, n = inputs["Fs"], images.shape[3]
    rows = reference.unfold(images, filters.shape[0])
    products = reference.matrix_products(rows, reference.flat(filters))
    activations = reference.forward(parameters, images)
    return {
        "Y": reference.smoothed_targets(labels, 0.0),
        "fw": np.array(filters.shape[0]),
        "nf": np.array(filters.shape[3]),
        "nh": np.array(inputs["W1"].shape[0]),
        "Fs_flat": reference.flat(filters),
        "MX": rows,
        "conv_outputs": reference.dot_products(images, filters),
        "conv_outputs_mat": products,
        "conv_outputs_flattened": products.reshape(-1, n),
        "conv_flat": activations.inputs[0],
        "X1": activations.inputs[1],
        "P": activations.probabilities,
        **_gradients_by_key(reference.backward(parameters, activations, inputs["Y"], l2=0.0)),
    }


def _by_fast_code(inputs: Mapping[str, Array], labels: Labels) -> dict[str, Array]:
    side, filter_count, n = inputs["Fs"].shape[0], inputs["Fs"].shape[3], inputs["X"].shape[1]
    architecture = Architecture(filter_sizes=[side], filter_counts=[filter_count], hidden=[inputs["W1"].shape[0]])
    parameters = reference.z_ordered(_parameters(inputs), architecture)
    images = reference.z_ordered_images(reference.pictures(inputs["X"]))
    network = Network(parameters, n)
    logits = network.forward(images)
    d_cross_entropy(logits, inputs["Y"], out=network.d_logits)
    network.backward(images)

    by_row, within = np.argsort(reference.patch_order(side)), np.argsort(z_order(side))  # back to row-major order
    products = (patches(images, side) @ parameters.filters[0])[:, by_row].transpose(1, 2, 0)  # patch, filter, image
    return {
        "Y": Regularizer(l2=0.0, label_smoothing=0.0).target_table(np.float64)[:, labels],
        "fw": np.array(architecture.filter_sizes[0]),
        "nf": np.array(parameters.filters[0].shape[1]),
        "nh": np.array(parameters.biases[0].size),
        "Fs_flat": row_major_filters(parameters.filters[0], side).reshape(filter_count, -1).T,
        "MX": patches(images, side)[:, by_row][:, :, within].transpose(1, 2, 0),
        "conv_outputs": products.reshape(SIDE // side, SIDE // side, filter_count, n),
        "conv_outputs_mat": products,
        "conv_outputs_flattened": products.reshape(-1, n),
        "conv_flat": network.convolutions[0].output[:, np.argsort(reference.response_order(architecture))].T,
        "X1": network.dense[0].output,
        "P": softmax(logits, out=np.empty_like(logits)),
        **_gradients_by_key(reference.row_major(network.gradients)),
    }


def _parameters(inputs: Mapping[str, Array]) -> RowMajorParameters:
    return RowMajorParameters(
        filters=[inputs["Fs"]],
        filter_biases=[np.zeros((inputs["Fs"].shape[3], 1))],
        weights=[inputs["W1"], inputs["W2"]],
        biases=[inputs["b1"], inputs["b2"]],
    )


def _gradients_by_key(gradients: RowMajorParameters) -> dict[str, Array]:
    return {
        "grad_Fs_flat": reference.flat(gradients.filters[0]),
        "grad_W1": gradients.weights[0],
        "grad_b1": gradients.biases[0],
        "grad_W2": gradients.weights[1],
        "grad_b2": gradients.biases[1],
    }
