"""The whole network and its training, to be read from top to bottom; NumPy is all it needs.

    python examples/one_file.py cifar-10-batches-py                                      # the baseline
    python examples/one_file.py cifar-10-batches-py --filter-size 8 --filter-count 40    # architecture 3

The folder is CIFAR-10's, unpacked. Equation numbers are those of the assignment (DD2424, assignment 3).

From the same seed this is the network that `patchify` trains. With `--dtype float64` it prints the accuracy of
`patchify dtype=float64`; in float32 the two round differently, which 4,800 updates may turn into tenths of a percentage
point. An update of the baseline takes the package 45 % of the processor time that it takes here, since all arrays are
allocated once, and matrix products cut so that BLAS is fast at them (patchify/core/model/).
"""

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

import numpy as np


@dataclass(kw_only=True)
class Settings:
    """What is trained, and how: at first the baseline of the assignment (Exercise 3)."""

    filter_size: int = 4  # f: 2, 4, 8 or 16
    filter_count: int = 10  # n_f
    hidden: int = 50  # d
    l2: float = 0.003  # lambda
    label_smoothing: float = 0.0  # epsilon
    eta_min: float = 1e-5
    eta_max: float = 1e-1
    cycles: int = 3
    step_size: int = 800  # updates in which the rate rises, and in which it falls
    growth: int = 1  # of the step size from cycle to cycle: 2 in eq. 25
    batch_size: int = 100
    validation: int = 1000  # training images that are held out
    seed: int = 0
    dtype: str = "float32"


# CIFAR-10 stores an image channel by channel, row by row. Here it is in Z-order: the colours of a pixel together, and
# the binary digits of its row and column by turns, the highest first. So each quarter of an image is contiguous, each
# quarter of that, and so on: whatever f is, the 3072 numbers of an image are its patches, one after the other, and the
# matrix M_X of eqs. 10 and 12 is a mere view of them. Only the order differs: of patches, which are rows of M_X and
# columns of W_1, and of the numbers in a patch and in a filter. The sums are of the same terms.
Z_ORDER = np.arange(3072).reshape(3, *[2] * 5, *[2] * 5).transpose(1, 6, 2, 7, 3, 8, 4, 9, 5, 10, 0).ravel()


class Examples(NamedTuple):
    """Images (n, 3072) in Z-order, and their labels (n,) in 0..9."""

    images: np.ndarray
    labels: np.ndarray


def read(folder: Path, *names: str) -> Examples:
    """Pixels, 0 to 255, of some of CIFAR-10's files.

    Pickles are programs: read none but those of https://www.cs.toronto.edu/~kriz/cifar.html. (The package runs none:
    patchify/data/pickles.py.)
    """
    batches = [pickle.loads((folder / name).read_bytes(), encoding="bytes") for name in names]  # noqa: S301  # as said
    pixels = np.concatenate([batch[b"data"] for batch in batches])
    return Examples(pixels.take(Z_ORDER, axis=1), np.concatenate([batch[b"labels"] for batch in batches]))


def load(folder: Path, settings: Settings) -> tuple[Examples, Examples, Examples]:
    """Training, validation and test images; each number has mean 0 and standard deviation 1 over the first."""
    stored, test = read(folder, *(f"data_batch_{i}" for i in range(1, 6))), read(folder, "test_batch")
    shuffled = np.random.default_rng(0).permutation(len(stored.labels))  # the same split for every seed
    held_out, kept = np.split(shuffled, [settings.validation])
    pixels = stored.images[kept]
    mean, deviation = pixels.mean(axis=0).astype(settings.dtype), pixels.std(axis=0).astype(settings.dtype)
    return (
        Examples((pixels - mean) / deviation, stored.labels[kept]),
        Examples((stored.images[held_out] - mean) / deviation, stored.labels[held_out]),
        Examples((test.images - mean) / deviation, test.labels),
    )


class Network(NamedTuple):
    """The parameters, or the gradients with respect to them."""

    F: np.ndarray  # (3f², n_f) F_all: each filter is a column (eq. 17)
    W1: np.ndarray  # (d, d_0), where each of d_0 = n_p n_f responses has a column
    W2: np.ndarray  # (10, d)
    c: np.ndarray  # (n_f,) biases of the filters, which the assignment leaves out
    b1: np.ndarray  # (d, 1)
    b2: np.ndarray  # (10, 1)


def initialised(settings: Settings, rng: np.random.Generator) -> Network:
    """Weights from N(0, 2 / number of inputs) (He et al. 2015), biases of zero."""
    f, n_f, d = settings.filter_size, settings.filter_count, settings.hidden
    k, d_0 = 3 * f**2, (32 // f) ** 2 * n_f
    F = rng.standard_normal((k, n_f)) * np.sqrt(2 / k)
    W1 = rng.standard_normal((d, d_0)) * np.sqrt(2 / d_0)
    W2 = rng.standard_normal((10, d)) * np.sqrt(2 / d)
    network = F, W1, W2, np.zeros(n_f), np.zeros((d, 1)), np.zeros((10, 1))
    return Network(*(array.astype(settings.dtype) for array in network))


def forward(network: Network, images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Patches (n n_p, 3f²), and one image a column: responses h (d_0, n), hidden units (d, n), log p (10, n)."""
    F, W1, W2, c, b1, b2 = network
    M = images.reshape(-1, len(F))  # a view: the patches of all images, one below the other
    H = np.maximum(M @ F + c, 0)  # eqs. 1 and 16
    h = H.reshape(len(images), -1).T  # eq. 2
    x1 = np.maximum(W1 @ h + b1, 0)  # eq. 3
    s = W2 @ x1 + b2  # eq. 4
    s -= s.max(axis=0)  # changes no probability, and exp can't overflow
    return M, h, x1, s - np.log(np.exp(s).sum(axis=0))  # eqs. 5 and 6


def backward(network: Network, activations: tuple[np.ndarray, ...], targets: np.ndarray, l2: float) -> Network:
    """Gradients of the cost, from what `forward` gave."""
    F, W1, W2, *_ = network
    M, h, x1, log_p = activations
    g = (np.exp(log_p) - targets) / targets.shape[1]  # eq. 24, divided by n once for all that follows (eq. 20)
    d_W2, d_b2 = g @ x1.T, g.sum(axis=1, keepdims=True)
    g = W2.T @ g * (x1 > 0)
    d_W1, d_b1 = g @ h.T, g.sum(axis=1, keepdims=True)
    g = W1.T @ g * (h > 0)
    G = g.T.reshape(len(M), -1)  # eq. 19: each filter's gradients are a column
    d_F, d_c = M.T @ G, G.sum(axis=0)  # eqs. 18 and 22: the product sums over the images, too
    return Network(d_F + 2 * l2 * F, d_W1 + 2 * l2 * W1, d_W2 + 2 * l2 * W2, d_c, d_b1, d_b2)


def smoothed(labels: np.ndarray, epsilon: float, dtype: str) -> np.ndarray:
    """Targets (10, n): 1 - epsilon for the class of the label, epsilon / 9 for each other (eq. 23)."""
    table = np.full((10, 10), epsilon / 9, dtype)
    np.fill_diagonal(table, 1 - epsilon)
    return table[:, labels]


def evaluate(network: Network, examples: Examples, settings: Settings) -> tuple[float, float, float]:
    """Loss (plain cross-entropy), cost (what is trained: against smoothed targets, with L2) and accuracy."""
    *_, log_p = forward(network, examples.images)
    plain, trained = (smoothed(examples.labels, epsilon, settings.dtype) for epsilon in (0, settings.label_smoothing))
    loss, cost = (-(targets * log_p).sum(axis=0).mean() for targets in (plain, trained))  # eq. 20
    cost += settings.l2 * sum((weights**2).sum() for weights in network[:3])
    right = log_p.argmax(axis=0) == examples.labels  # eq. 7
    return float(loss), float(cost), float(right.mean())


def rates(settings: Settings) -> Iterator[float]:
    """Learning rate of each update: in each cycle it rises linearly from eta_min to eta_max and falls back."""
    for cycle in range(settings.cycles):
        rise = settings.step_size * settings.growth**cycle
        for step in range(2 * rise):
            yield settings.eta_min + min(step, 2 * rise - step) / rise * (settings.eta_max - settings.eta_min)


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Which images each update takes: every epoch all in a new order, but for the last few that fill no batch."""
    updates = count // size
    while True:
        yield from np.split(rng.permutation(count)[: updates * size], updates)


def train(examples: Examples, settings: Settings) -> Iterator[tuple[int, Network]]:
    """Mini-batch gradient descent: yields, from 0 on, the number of updates and the network, which the next changes."""
    weights_rng, order_rng = map(np.random.default_rng, np.random.SeedSequence(settings.seed).spawn(2))
    network = initialised(settings, weights_rng)
    yield 0, network
    chosen = batches(len(examples.labels), settings.batch_size, order_rng)
    for step, (eta, batch) in enumerate(zip(rates(settings), chosen, strict=False), start=1):  # batches never end
        targets = smoothed(examples.labels[batch], settings.label_smoothing, settings.dtype)
        gradients = backward(network, forward(network, examples.images[batch]), targets, settings.l2)
        for parameters, gradient in zip(network, gradients, strict=True):
            parameters[...] -= eta * gradient
        yield step, network


def main() -> None:
    """Train as the command line says, and print how it goes."""
    command = argparse.ArgumentParser(description="Train a small network on CIFAR-10.")
    command.add_argument("folder", type=Path, help="cifar-10-batches-py, with data_batch_1 and the others")
    for field in fields(Settings):
        option = f"--{field.name.replace('_', '-')}"
        command.add_argument(option, type=type(field.default), default=field.default, help="default: %(default)s")
    options = vars(command.parse_args())
    folder, settings = options.pop("folder"), Settings(**options)

    examples, validation, test = load(folder, settings)
    for step, network in train(examples, settings):
        if step % settings.step_size == 0:
            loss, cost, accuracy = evaluate(network, validation, settings)
            print(f"update {step}: validation loss {loss:.3f}, cost {cost:.3f}, accuracy {100 * accuracy:.1f} %")
    loss, _, accuracy = evaluate(network, test, settings)
    print(f"test accuracy {100 * accuracy:.2f} %, loss {loss:.3f}")


if __name__ == "__main__":
    main()
