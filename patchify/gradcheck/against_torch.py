"""The same gradients by PyTorch's conv2d and autograd, where PyTorch is installed."""

import importlib
from types import ModuleType

import numpy as np

from patchify.core.axes import CHANNELS, SIDE
from patchify.core.checks import reference
from patchify.core.checks.gradient_check import analytic_gradients, dropping
from patchify.core.images.zorder import z_order
from patchify.core.model.evaluation import Examples
from patchify.core.model.parameters import Parameters
from patchify.gradcheck.cases import Case


def installed_torch() -> ModuleType | None:
    """PyTorch, or None where it is not installed."""
    try:
        return importlib.import_module("torch")
    except ImportError:
        return None


def torch_errors(torch: ModuleType, case: Case, parameters: Parameters, examples: Examples) -> dict[str, float]:
    """By parameter: the largest difference of our gradients from PyTorch's, over the largest of PyTorch's."""
    ours = analytic_gradients(parameters, examples, case.regularizer).named
    theirs = _torch_gradients(torch, case, parameters, examples).named
    return {name: float(np.abs(ours[name] - theirs[name]).max() / np.abs(theirs[name]).max()) for name in ours}


def _torch_gradients(torch: ModuleType, case: Case, parameters: Parameters, examples: Examples) -> Parameters:
    """The same gradients by conv2d and autograd, from images and parameters in row-major order."""
    arrays = reference.row_major(parameters)
    row_major = examples.images[:, np.argsort(z_order())].reshape(-1, SIDE, SIDE, CHANNELS)
    images = torch.from_numpy(row_major.transpose(0, 3, 1, 2).copy())  # image, channel, row, column
    targets = torch.from_numpy(reference.smoothed_targets(examples.labels, case.regularizer.label_smoothing).T)
    leaf = {
        name: [torch.from_numpy(array).requires_grad_() for array in getattr(arrays, name)]
        for name in ("filters", "filter_biases", "weights", "biases")
    }
    responses = [
        torch.conv2d(images, filters.permute(3, 2, 0, 1), bias[:, 0], stride=filters.shape[0])
        for filters, bias in zip(leaf["filters"], leaf["filter_biases"], strict=True)
    ]
    flat = [response.permute(0, 2, 3, 1).flatten(1) for response in responses]  # row, column, filter
    outputs = torch.cat(flat, dim=1)
    network = dropping(parameters, len(images), case.regularizer)
    factors = [torch.from_numpy(array.T.copy()) for array in reference.dropout_factors(network)]
    for weights, bias, factor in zip(leaf["weights"], leaf["biases"], factors, strict=True):
        outputs = (torch.relu(outputs) * factor) @ weights.T + bias[:, 0]
    loss = torch.nn.functional.cross_entropy(outputs, targets)
    squares = sum((weights**2).sum() for weights in (*leaf["filters"], *leaf["weights"]))
    (loss + case.regularizer.l2 * squares).backward()
    d_arrays = {name: [tensor.grad.numpy() for tensor in tensors] for name, tensors in leaf.items()}
    return reference.z_ordered(reference.RowMajorParameters(**d_arrays), case.architecture)
