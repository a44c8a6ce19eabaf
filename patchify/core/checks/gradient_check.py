"""Analytic gradients against central differences, in float64."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from patchify.core.axes import CLASSES, PIXELS
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import Examples
from patchify.core.model.losses import Regularizer, cross_entropies
from patchify.core.model.network import Network
from patchify.core.model.parameters import Parameters, he_initialised
from patchify.core.rules import require
from patchify.core.training.optimizers import SGD
from patchify.core.training.streams import streams
from patchify.core.training.update import Update

DIFFERENCE = 1e-5
"""Half the distance of the two evaluations: truncation (its square) and rounding (1e-16 / it) are then alike."""
HALVINGS = 10
SEED = 0
"""Of what is dropped: the same in all networks that are compared."""

Array = Float[np.ndarray, "..."]


@dataclass(slots=True, kw_only=True)
class Slope:
    """The cost's derivative along a unit direction of one parameter, analytic and numeric.

    direction: "random", or "entry" and the entry's position
    error: |analytic - numeric| / max(|analytic|, |numeric|, typical), where the typical derivative along a unit
        direction is the root mean square of the parameter's gradient. (A derivative that happens to be almost zero is
        so judged by the size of the others: a difference in float64 is only good to about 1e-10.)
    """

    parameter: str
    direction: str
    analytic: float
    numeric: float
    error: float


def sample(architecture: Architecture, rng: np.random.Generator, images: int) -> tuple[Parameters, Examples]:
    """Random float64 parameters, biases among them, and `images` random images with labels."""
    parameters = he_initialised(architecture, rng, np.float64)
    for bias in (*parameters.filter_biases, *parameters.biases):
        bias[...] = rng.normal(scale=0.1, size=bias.shape)
    pixels, labels = rng.standard_normal((images, PIXELS)), rng.integers(CLASSES, size=images)
    return parameters, Examples(images=pixels, labels=labels)


def analytic_gradients(parameters: Parameters, examples: Examples, regularizer: Regularizer) -> Parameters:
    """The gradients that training follows: what an update at rate 1, with all examples as its batch, takes away.

    With dropout, of the network that has dropped what the stream of SEED says.
    """
    count = len(examples.labels)
    moved = Parameters(parameters.architecture, parameters.flat.dtype)
    moved.flat[...] = parameters.flat
    update = Update(
        moved,
        regularizer=regularizer,
        optimizer=SGD(momentum=0.0),
        augmentation=Augmentation(),
        batch_size=count,
        random=streams(SEED),
    )
    update(examples, np.arange(count), step=0, rate=1.0)
    gradients = Parameters(parameters.architecture, parameters.flat.dtype)
    np.subtract(parameters.flat, moved.flat, out=gradients.flat)
    return gradients


def dropping(parameters: Parameters, images: int, regularizer: Regularizer) -> Network:
    """A network that drops what the stream of SEED says: just what that of `analytic_gradients` dropped."""
    network = Network(
        parameters,
        images,
        dropout_responses=regularizer.dropout_responses,
        dropout_hidden=regularizer.dropout_hidden,
    )
    network.drop_out(streams(SEED).dropout)
    return network


def check_gradients(
    parameters: Parameters,
    examples: Examples,
    regularizer: Regularizer,
    rng: np.random.Generator,
    *,
    directions: int = 3,
    entries: int = 5,
) -> list[Slope]:
    """Compare slopes of each named parameter along random unit directions, and for random single entries.

    parameters: float64, else ValueError; they are moved and put back. Raises ArithmeticError at a ReLU's kink.
    """
    dtype = parameters.flat.dtype
    require(dtype == np.float64, "dtype", "must be float64 to check gradients", dtype, "convert the parameters")
    gradients = analytic_gradients(parameters, examples, regularizer)
    cost = _Cost(parameters, examples, regularizer)
    slopes = []
    for name, gradient in gradients.named.items():
        typical = float(np.sqrt(np.mean(gradient**2)))
        for label, direction in _unit_directions(gradient.shape, rng, directions, entries):
            analytic = float(np.sum(gradient * direction))
            numeric = _central_difference(cost, parameters.named[name], direction)
            error = relative_error(analytic, numeric, typical)
            slopes.append(Slope(parameter=name, direction=label, analytic=analytic, numeric=numeric, error=error))
    return slopes


def relative_error(one: float, other: float, typical: float) -> float:
    """|one - other| / max(|one|, |other|, typical); 0 if all are 0.

    >>> relative_error(2.0, 1.0, 0.5), relative_error(0.25, 0.0, 1.0), relative_error(0.0, 0.0, 0.0)
    (0.5, 0.25, 0.0)
    """
    scale = max(abs(one), abs(other), typical)
    return abs(one - other) / scale if scale else 0.0


class _Cost:
    """The cost as a function of the parameters; calling it also tells which ReLUs are active."""

    def __init__(self, parameters: Parameters, examples: Examples, regularizer: Regularizer) -> None:
        self.parameters, self.regularizer, self.images = parameters, regularizer, examples.images
        self.targets = regularizer.target_table(np.float64)[:, examples.labels]
        self.network = dropping(parameters, len(examples.labels), regularizer)

    def __call__(self) -> tuple[float, Bool[np.ndarray, "relus"]]:
        logits = self.network.forward(self.images)
        cost = cross_entropies(logits, self.targets).mean() + self.regularizer.penalty(self.parameters)
        convolutions, hidden = self.network.convolutions, self.network.dense[:-1]
        outputs = [*(layer.output for layer in convolutions), *(layer.output for layer in hidden)]
        return float(cost), np.concatenate([output.ravel() > 0 for output in outputs])


def _unit_directions(
    shape: tuple[int, ...], rng: np.random.Generator, directions: int, entries: int
) -> Iterator[tuple[str, Array]]:
    for _ in range(directions):
        direction = rng.standard_normal(shape)
        yield "random", direction / np.linalg.norm(direction)
    size = int(np.prod(shape))
    for flat_position in rng.choice(size, min(entries, size), replace=False):
        position = np.unravel_index(flat_position, shape)
        direction = np.zeros(shape)
        direction[position] = 1
        yield f"entry {[int(i) for i in position]}", direction


def _central_difference(cost: _Cost, parameter: Array, direction: Array) -> float:
    """(cost at + h - cost at - h) / 2 h; leaves the parameter as it was."""
    kept = parameter.copy()
    try:
        # A ReLU that is active at one end only bends the cost between them, and a difference across the bend is no
        # derivative. Halving h until the same ReLUs are active at both ends keeps the whole difference on one side.
        for h in DIFFERENCE * 0.5 ** np.arange(HALVINGS):
            parameter[...] = kept + h * direction
            above, active_above = cost()
            parameter[...] = kept - h * direction
            below, active_below = cost()
            if np.array_equal(active_above, active_below):
                return float((above - below) / (2 * h))
    finally:
        parameter[...] = kept
    raise ArithmeticError(f"a ReLU's input is zero to within {h:.0e}: choose other parameters or images")
