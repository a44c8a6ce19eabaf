"""A data set brought into the form that training uses: split, normalised and in Z-order, once a process at most."""

from dataclasses import astuple
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import DTypeLike

from patchify.core.axes import PIXELS
from patchify.core.images.zorder import z_order
from patchify.core.model.evaluation import Examples
from patchify.data.cache import cached
from patchify.data.dataset import Dataset, Statistics, read_only
from patchify.data.source import DataSource, Pixels

CHUNK = 500
"""Images converted at once: their pixels, as bytes and as floats, stay in the cache."""

_last: dict[tuple[object, ...], Dataset] = {}


def prepare(source: DataSource, dtype: DTypeLike, *, check: bool = False) -> Dataset:
    """Fetch, read, split and normalise a data set, or find it in the cache; asked again, give the same arrays.

    The first `source.validation` positions of a permutation drawn from `source.split_seed` are held out, the rest, in
    the permutation's order, are the training images; the test images keep theirs. Raises DataError like the source.

    check: compare the checksums of all files, as once a sweep, also where they seem not to have changed since the last
        time. Sources without files are not cached: a change of the code that paints them would go unseen
    """
    kind = np.dtype(dtype)
    key = (type(source), *astuple(source), kind)
    if key not in _last or (check and source.files):
        _last.clear()  # first, so that two data sets are never held at once
        source.fetch()
        make = partial(_prepare, source, kind)
        _last[key] = cached(source, kind, make, check=check) if source.files else make()
    return _last[key]


def _prepare(source: DataSource, dtype: np.dtype[Any]) -> Dataset:
    raw = source.read()
    permutation = np.random.default_rng(source.split_seed).permutation(len(raw.train_images))
    held_out, kept = np.split(permutation, [source.validation])
    mean, std = _statistics(raw.train_images, kept, dtype)

    def examples(images: Pixels, labels: Int[np.ndarray, "N"], chosen: Int[np.ndarray, "n"]) -> Examples:
        normalised = _normalised(images, chosen, mean, std)
        return Examples(images=normalised, labels=read_only(labels[chosen].astype(np.intp, copy=False)))

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
    return read_only((sums / n)[z_order()].astype(dtype)), read_only(std[z_order()].astype(dtype))


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
    return read_only(result)
