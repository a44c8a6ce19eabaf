"""A data set brought into the form that training uses: split, normalised and in Z-order, once a process."""

from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import DTypeLike

from patchify.core.axes import PIXELS
from patchify.core.evaluation import Examples
from patchify.core.zorder import z_order
from patchify.data.source import DataSource, Pixels

CHUNK = 500
"""Images converted at once: their pixels, as bytes and as floats, stay in the cache."""

Statistics = Float[np.ndarray, "3072"]


@dataclass(slots=True, kw_only=True, frozen=True)
class Dataset:
    """Images in Z-order, normalised by the training images; all arrays are read-only, since runs share them.

    validation: None where nothing is held out
    mean, std: (3072,) of the training pixels (0 to 255), in Z-order and in the dtype of the images; a pixel that never
        varies has std 1. A new image x, in Z-order, becomes (x - mean) / std
    digest: SHA-256 of the stored pixels and labels; official: whether the published checksums matched
    """

    name: str
    train: Examples
    validation: Examples | None
    test: Examples
    mean: Statistics
    std: Statistics
    class_names: list[str]
    digest: str
    official: bool


_last: dict[tuple[object, ...], Dataset] = {}


def prepare(source: DataSource, dtype: DTypeLike) -> Dataset:
    """Fetch, read, split and normalise a data set; asked for the same one again, give the same arrays.

    The first `source.validation` positions of a permutation drawn from `source.split_seed` are held out, the rest, in
    the permutation's order, are the training images; the test images keep theirs. Raises DataError like the source.
    """
    key = (type(source), *astuple(source), np.dtype(dtype))
    if key not in _last:
        _last.clear()  # first, so that two data sets are never held at once
        _last[key] = _prepare(source, np.dtype(dtype))
    return _last[key]


def _prepare(source: DataSource, dtype: np.dtype[Any]) -> Dataset:
    source.fetch()
    raw = source.read()
    permutation = np.random.default_rng(source.split_seed).permutation(len(raw.train_images))
    held_out, kept = np.split(permutation, [source.validation])
    mean, std = _statistics(raw.train_images, kept, dtype)

    def examples(images: Pixels, labels: Int[np.ndarray, "N"], chosen: Int[np.ndarray, "n"]) -> Examples:
        normalised = _normalised(images, chosen, mean, std)
        return Examples(images=normalised, labels=_read_only(labels[chosen].astype(np.intp, copy=False)))

    return Dataset(
        name=raw.name,
        train=examples(raw.train_images, raw.train_labels, kept),
        validation=examples(raw.train_images, raw.train_labels, held_out) if source.validation else None,
        test=examples(raw.test_images, raw.test_labels, np.arange(len(raw.test_images))),
        mean=mean,
        std=std,
        class_names=raw.class_names,
        digest=raw.digest,
        official=raw.official,
    )


def _statistics(images: Pixels, chosen: Int[np.ndarray, "n"], dtype: np.dtype[Any]) -> tuple[Statistics, Statistics]:
    """Mean and standard deviation of each number of the chosen images, in Z-order.

    Sums of integers are exact, so the chunks leave no trace, and a variance of zero is zero.
    """
    sums, squares = np.zeros(PIXELS, np.int64), np.zeros(PIXELS, np.int64)
    for start in range(0, len(chosen), CHUNK):
        pixels = images[chosen[start : start + CHUNK]].reshape(-1, PIXELS)
        sums += pixels.sum(axis=0, dtype=np.uint32)
        squares += np.square(pixels, dtype=np.uint16).sum(axis=0, dtype=np.uint32)  # 255² fits
    n = len(chosen)
    spread = np.sqrt(n * squares - sums * sums)
    std = np.where(spread > 0, spread / n, 1)
    return _read_only((sums / n)[z_order()].astype(dtype)), _read_only(std[z_order()].astype(dtype))


def _normalised(
    images: Pixels, chosen: Int[np.ndarray, "n"], mean: Statistics, std: Statistics
) -> Float[np.ndarray, "n 3072"]:
    """The chosen images in Z-order, with the mean subtracted, divided by the standard deviation."""
    order = z_order()
    result = np.empty((len(chosen), PIXELS), mean.dtype)
    for start in range(0, len(chosen), CHUNK):
        rows = images[chosen[start : start + CHUNK]].reshape(-1, PIXELS)
        piece = result[start : start + CHUNK]
        np.subtract(rows.take(order, axis=1), mean, out=piece)
        piece /= std
    return _read_only(result)


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
