"""A data set in the form that training uses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from patchify.core.model.evaluation import Examples

TRAINING_PART = 10_000
"""Training images that the records' training loss and accuracy are of: the first so many."""

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

    @property
    def about(self) -> str:
        """Its name, as what is shown to people calls it."""
        return self.name if self.official else f"{self.name} (unofficial copy)"

    def evaluated(self, *, test: bool) -> dict[str, Examples]:
        """What a run is evaluated on, by name: a part of the training images, validation (if any), and test images.

        The last are those that say how well it does: validation where the test images are left out.
        """
        held_out = {} if self.validation is None else {"validation": self.validation}
        return {"train": self.train.first(TRAINING_PART), **held_out, **({"test": self.test} if test else {})}


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same array, no longer to be written to."""
    array.flags.writeable = False
    return array
