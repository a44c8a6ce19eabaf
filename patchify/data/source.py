"""What every data set offers: its images as they are stored, and how many there are before any is read."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8

from patchify.core.rules import at_least, require

Pixels = UInt8[np.ndarray, "N 32 32 3"]  # row, column, RGB


class DataError(Exception):
    """Data that is missing, damaged or not what was asked for; the message says where and what to do."""


@dataclass(kw_only=True)
class RawData:
    """A data set as it is stored, before splitting and normalisation.

    *_images: (N, 32, 32, 3) uint8; *_labels: (N,) in 0..9; official: whether the published checksums matched
    """

    name: str
    official: bool
    class_names: list[str]
    train_images: Pixels
    train_labels: Int[np.ndarray, "N"]
    test_images: Pixels
    test_labels: Int[np.ndarray, "N"]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all pixels and labels, training set first: two data sets are the same when this is."""
        sha = hashlib.sha256()
        for images, labels in ((self.train_images, self.train_labels), (self.test_images, self.test_labels)):
            for start in range(0, len(images), 1000):  # in pieces, since a transposed view is copied to be hashed
                sha.update(np.ascontiguousarray(images[start : start + 1000]).data)
            sha.update(labels.astype("<i8").data)
        return sha.hexdigest()


@dataclass(slots=True, kw_only=True)
class DataSource:
    """Where images come from, and how they are split.

    validation: training images held out; split_seed: draws which, the same for all runs of a study
    """

    validation: int
    split_seed: int

    def __post_init__(self) -> None:
        at_least(0, "split_seed", self.split_seed)
        at_least(0, "validation", self.validation)
        rule = f"must leave training images of the {self.stored_training_images} there are"
        require(self.validation < self.stored_training_images, "validation", rule, self.validation, "hold out fewer")

    @property
    def stored_training_images(self) -> int:
        """Training images there are, before validation images are held out."""
        raise NotImplementedError

    @property
    def files(self) -> list[Path]:
        """What `read` reads; nothing where the images are made, not stored."""
        raise NotImplementedError

    def fetch(self) -> None:
        """Make sure that `read` will find its files, downloading them if need be; raises DataError if it can't."""
        raise NotImplementedError

    def verify(self) -> str:
        """One hash of the bytes of all files; raises DataError if they can't be read or are refused."""
        raise NotImplementedError

    def read(self) -> RawData:
        """All images and labels; raises DataError if they are not what they should be."""
        raise NotImplementedError
