"""Classifies images by the network in parameters.npz, the file beside this one.

A run's model holds a copy of this file, to be served where patchify is not installed: NumPy is all that it needs to
compute.
"""

from functools import cache
from pathlib import Path

import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models import set_model

COARSE_TO_FINE = np.arange(32 * 32 * 3).reshape(*[2] * 10, 3).transpose(0, 5, 1, 6, 2, 7, 3, 8, 4, 9, 10).ravel()
"""Positions of an image's numbers by row, column and RGB, in the network's order: 2x2 blocks, of 2x2 blocks, of ..."""


@cache
def arrays() -> dict[str, np.ndarray]:
    """The network's arrays by name."""
    with np.load(Path(__file__).with_name("parameters.npz"), allow_pickle=False) as file:
        return dict(file)


def classify(model_input: np.ndarray) -> list[dict[str, float]]:
    """Probabilities of the classes by name, for each image of a (N, 32, 32, 3) array of 0 to 255: row, column, RGB."""
    if model_input.max(initial=0) <= 1:  # the server makes integers of all numbers, zeros of those that were scaled
        raise MlflowException.invalid_parameter_value(
            "pixels must be whole numbers of 0 to 255: none is above 1; send them as they were before they were scaled"
        )
    network, count = arrays(), len(model_input)
    inputs = (model_input.reshape(count, -1)[:, COARSE_TO_FINE] - network["mean"]) / network["std"]
    responses = []
    for size in network["filter_sizes"]:
        patches = inputs.reshape(-1, 3 * size * size)  # of all images, one after the other
        response = patches @ network[f"filters_{size}"] + network[f"filters_{size}_bias"]
        responses.append(np.maximum(response, 0).reshape(count, -1))
    outputs = np.concatenate(responses, axis=1)
    last = len(network["hidden"]) + 1
    for layer in range(1, last + 1):
        outputs = outputs @ network[f"W{layer}"].T + network[f"W{layer}_bias"]
        if layer < last:
            outputs = np.maximum(outputs, 0)
    odds = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    return [dict(zip(network["class_names"].tolist(), row, strict=True)) for row in probabilities.tolist()]


set_model(classify)
