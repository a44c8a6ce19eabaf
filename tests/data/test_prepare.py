"""Splitting, normalising and Z-order against the obvious version, and that a data set is prepared once."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchify.core import NUMERICS_VERSION
from patchify.core.images.zorder import z_order
from patchify.data import prepare as module
from patchify.data.dataset import Dataset
from patchify.data.prepare import prepare
from patchify.data.source import DataSource, RawData

reads: list[int] = []
"""The `seed` of each source that has been read, in order."""


@dataclass(slots=True, kw_only=True)
class Noise(DataSource):
    """Sixty training and twenty test images of noise, the last of a pixel's three numbers always 7."""

    seed: int = 0
    planar: bool = False

    @property
    def stored_training_images(self) -> int:
        return 60

    @property
    def files(self) -> list[Path]:
        return []

    def fetch(self) -> None:
        pass

    def read(self) -> RawData:
        reads.append(self.seed)
        random = np.random.default_rng(self.seed)
        images = random.integers(0, 256, (80, 32, 32, 3), dtype=np.uint8)
        images[:, 5, 9, 2] = 7
        labels = random.integers(0, 10, 80)
        if self.planar:  # the same images, stored otherwise
            images = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
        return RawData(
            name="noise",
            official=True,
            class_names=list("abcdefghij"),
            train_images=images[:60],
            train_labels=labels[:60],
            test_images=images[60:],
            test_labels=labels[60:],
        )


@pytest.fixture(autouse=True)
def nothing_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with no data set in memory."""
    monkeypatch.setattr(module, "_last", {})
    reads.clear()


def by_the_book(source: Noise) -> dict[str, np.ndarray]:
    """Everything in float64, image by image."""
    raw = source.read()
    permutation = np.random.default_rng(source.split_seed).permutation(60)
    held_out, kept = permutation[: source.validation], permutation[source.validation :]
    rows = {
        "train": [raw.train_images[position].ravel()[z_order()] for position in kept],
        "validation": [raw.train_images[position].ravel()[z_order()] for position in held_out],
        "test": [image.ravel()[z_order()] for image in raw.test_images],
    }
    mean, std = np.mean(rows["train"], axis=0), np.std(rows["train"], axis=0)
    std[std == 0] = 1
    images = {name: (np.array(part, np.float64) - mean) / std for name, part in rows.items()}
    labels = {"train": raw.train_labels[kept], "validation": raw.train_labels[held_out], "test": raw.test_labels}
    return {"mean": mean, "std": std, **images, **{f"{name} labels": part for name, part in labels.items()}}


def arrays(data: Dataset) -> dict[str, np.ndarray]:
    """All arrays of a data set by name."""
    named = {"mean": data.mean, "std": data.std}
    for name, examples in (("train", data.train), ("validation", data.validation), ("test", data.test)):
        if examples:
            named |= {name: examples.images, f"{name} labels": examples.labels}
    return named


# float32 rounds the mean (up to 255) to 8e-6, and a standard deviation is some 70 here: 1e-6 leaves room for both
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-6)])
@pytest.mark.parametrize("planar", [False, True])
def test_images_are_split_normalised_and_z_ordered_by_the_book(dtype: str, tolerance: float, planar: bool) -> None:
    source = Noise(validation=10, split_seed=3, planar=planar)
    expected = by_the_book(source)
    got = arrays(prepare(source, dtype))
    assert got.keys() == expected.keys()
    for name, array in got.items():
        assert array.dtype == (np.intp if "labels" in name else dtype), name
        assert array.flags.c_contiguous, name
        np.testing.assert_allclose(array, expected[name], rtol=tolerance, atol=tolerance, err_msg=name)


def test_other_numbers_ask_for_another_numerics_version() -> None:
    sha = hashlib.sha256()
    for array in arrays(prepare(Noise(validation=10, split_seed=0), "float32")).values():
        sha.update(array.data)
    found = {NUMERICS_VERSION: sha.hexdigest()[:16]}
    assert found == {2: "d9a9b74cfa942528"}, "raise NUMERICS_VERSION: the cache and finished runs hold the old ones"


def test_a_number_that_never_varies_has_std_1_and_becomes_0() -> None:
    data = prepare(Noise(validation=10, split_seed=0), "float32")
    constant = (z_order() == (5 * 32 + 9) * 3 + 2).argmax()
    assert data.mean[constant] == 7
    assert data.std[constant] == 1
    assert not data.train.images[:, constant].any()


def test_how_the_images_are_cut_into_chunks_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = arrays(prepare(Noise(validation=10, split_seed=0), "float32"))
    module._last.clear()
    monkeypatch.setattr(module, "CHUNK", 7)
    for name, array in arrays(prepare(Noise(validation=10, split_seed=0), "float32")).items():
        np.testing.assert_array_equal(array, whole[name], err_msg=name)


def test_statistics_come_from_the_training_images_alone() -> None:
    data = prepare(Noise(validation=20, split_seed=0), "float64")
    np.testing.assert_allclose(data.train.images.mean(axis=0), 0, atol=1e-13)  # forty float64 numbers near 1
    assert data.validation is not None
    assert np.abs(data.validation.images.mean(axis=0)).max() > 0.1


def test_no_validation_images_are_no_validation_set() -> None:
    data = prepare(Noise(validation=0, split_seed=0), "float32")
    assert data.validation is None
    assert len(data.train.labels) == 60


def test_the_same_data_set_is_prepared_once_and_its_arrays_are_shared() -> None:
    first = prepare(Noise(validation=10, split_seed=0), "float32")
    again = prepare(Noise(validation=10, split_seed=0), np.float32)
    assert again is first
    assert reads == [0]


@pytest.mark.parametrize(
    ("changed", "dtype"),
    [({"split_seed": 1}, "float32"), ({"validation": 9}, "float32"), ({"seed": 1}, "float32"), ({}, "float64")],
)
def test_another_data_set_takes_the_place_of_the_last(changed: dict[str, Any], dtype: str) -> None:
    fields: dict[str, Any] = {"validation": 10, "split_seed": 0}
    first = prepare(Noise(**fields), "float32")
    assert prepare(Noise(**{**fields, **changed}), dtype) is not first
    assert len(reads) == 2
    assert len(module._last) == 1


def test_no_run_can_change_the_arrays_that_all_share() -> None:
    for name, array in arrays(prepare(Noise(validation=10, split_seed=0), "float32")).items():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
        assert not array.flags.writeable, name


def test_what_is_known_of_the_stored_data_comes_along() -> None:
    source = Noise(validation=10, split_seed=0)
    data = prepare(source, "float32")
    assert (data.name, data.official, data.class_names) == ("noise", True, list("abcdefghij"))
    assert data.digest == source.read().digest
