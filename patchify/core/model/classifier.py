"""A trained network with all that it takes to classify an image, as one object and one file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from patchify.core.axes import CHANNELS, PIXELS, SIDE, Images
from patchify.core.images.zorder import row_major_filters, z_order
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import probabilities
from patchify.core.model.parameters import Parameters
from patchify.core.rules import require


@dataclass(slots=True, kw_only=True, frozen=True)
class Classifier:
    """Classifies images as they are stored, pixels of 0 to 255.

    mean, std: (3072,) in Z-order; a network's input is (pixels - mean) / std
    """

    parameters: Parameters
    mean: Float[np.ndarray, "3072"] = field(repr=False)
    std: Float[np.ndarray, "3072"] = field(repr=False)
    class_names: list[str]

    def __call__(self, pixels: UInt8[np.ndarray, "N 32 32 3"]) -> Float[np.ndarray, "N C"]:
        """Probabilities of the classes, in the order of `class_names`; pixels by row, column and RGB.

        Raises ValueError for other arrays.
        """
        fits = pixels.dtype == np.uint8 and pixels.shape[1:] == (SIDE, SIDE, CHANNELS)
        rule = f"must be N x {SIDE} x {SIDE} x {CHANNELS} whole numbers of 0 to 255 (uint8), by row, column and RGB"
        require(fits, "pixels", rule, f"{pixels.dtype} of shape {pixels.shape}", "reorder, scale and convert them")
        images: Images = (pixels.reshape(-1, PIXELS).take(z_order(), axis=1) - self.mean) / self.std
        return probabilities(self.parameters, images).T

    @property
    def filters(self) -> list[Float[np.ndarray, "F f f 3"]]:
        """The filters of each size as small RGB images, by row and column."""
        sizes = self.parameters.architecture.filter_sizes
        return [row_major_filters(*pair) for pair in zip(self.parameters.filters, sizes, strict=True)]

    def write(self, path: Path) -> None:
        """Write all arrays by name into an .npz: the network's, mean, std, class_names and the architecture's lists."""
        architecture = self.parameters.architecture
        arrays: dict[str, Any] = {
            **self.parameters.named,
            "mean": self.mean,
            "std": self.std,
            "class_names": np.array(self.class_names),
            "filter_sizes": np.array(architecture.filter_sizes),
            "filter_counts": np.array(architecture.filter_counts),
            "hidden": np.array(architecture.hidden),
        }
        np.savez(path, **arrays)


def read_classifier(path: Path) -> Classifier:
    """The classifier in a file, which can't make reading it run code.

    Raises OSError, and what NumPy and `Parameters.assign` raise for a file that is damaged or none of ours.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    architecture = Architecture(
        filter_sizes=arrays["filter_sizes"].tolist(),
        filter_counts=arrays["filter_counts"].tolist(),
        hidden=arrays["hidden"].tolist(),
    )
    parameters = Parameters(architecture, arrays["mean"].dtype)
    parameters.assign(arrays)
    return Classifier(
        parameters=parameters,
        mean=arrays["mean"],
        std=arrays["std"],
        class_names=arrays["class_names"].tolist(),
    )
