"""A small source of data, prepared as another process would, and as it is without a cache."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from patchify.data import prepare as module
from patchify.data.dataset import Dataset
from patchify.data.prepare import prepare
from patchify.data.source import DataError, DataSource, RawData

done: list[str] = []
"""What sources were asked to do, in order."""


@dataclass(slots=True, kw_only=True)
class Stored(DataSource):
    """Sixty training and twenty test images in a file of bytes."""

    path: str

    @property
    def stored_training_images(self) -> int:
        return 60

    @property
    def files(self) -> list[Path]:
        return [Path(self.path)]

    def fetch(self) -> None:
        if not Path(self.path).exists():
            raise DataError(f"{self.path} is missing")

    def verify(self) -> str:
        done.append("verify")
        return Path(self.path).read_bytes().hex()

    def read(self) -> RawData:
        done.append("read")
        images = np.frombuffer(Path(self.path).read_bytes(), np.uint8).reshape(80, 32, 32, 3)
        labels = images[:, 0, 0, 0] % 10
        return RawData(
            name="stored",
            official=False,
            class_names=list("abcdefghij"),
            train_images=images[:60],
            train_labels=labels[:60],
            test_images=images[60:],
            test_labels=labels[60:],
        )


def again(source: Stored, dtype: str = "float32", *, check: bool = False) -> Dataset:
    """The data set as another process would prepare it; `done` lists what that took."""
    module._last.clear()
    done.clear()
    return prepare(source, dtype, check=check)


def uncached(source: Stored, dtype: str = "float32") -> Dataset:
    """The data set as it is prepared without a cache."""
    return module._prepare(source, np.dtype(dtype))


def assert_same_bits(got: Dataset, expected: Dataset) -> None:
    for field in ("name", "class_names", "digest", "official"):
        assert getattr(got, field) == getattr(expected, field), field
        assert type(getattr(got, field)) is type(getattr(expected, field)), field
    for split in ("train", "validation", "test"):
        ours, theirs = getattr(got, split), getattr(expected, split)
        assert (ours is None) == (theirs is None), split
        if ours is not None:
            for kind in ("images", "labels"):
                assert_same_array(getattr(ours, kind), getattr(theirs, kind))
    assert_same_array(got.mean, expected.mean)
    assert_same_array(got.std, expected.std)


def assert_same_array(got: np.ndarray, expected: np.ndarray) -> None:
    assert type(got) is np.ndarray, "np.memmap slows down every indexing"
    assert got.dtype == expected.dtype
    assert got.tobytes() == expected.tobytes()
    assert not got.flags.writeable
