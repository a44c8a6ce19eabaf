"""Reading the course's debugging file: an .npz of plain arrays whose shapes fit together."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from patchify.core.axes import CLASSES, SIDE

Array = Float[np.ndarray, "..."]

SHAPES = {
    "X": "3072 n",
    "Fs": "f f 3 nf",
    "y": "n",
    "Y": "10 n",
    "W1": "nh n_p*nf",
    "b1": "nh 1",
    "W2": "10 nh",
    "b2": "10 1",
    "fw": "",
    "nf": "",
    "nh": "",
    "Fs_flat": "3f² nf",
    "MX": "n_p 3f² n",
    "conv_outputs": "32/f 32/f nf n",
    "conv_outputs_mat": "n_p nf n",
    "conv_outputs_flattened": "n_p*nf n",
    "conv_flat": "n_p*nf n",
    "X1": "nh n",
    "P": "10 n",
    "grad_Fs_flat": "3f² nf",
    "grad_W1": "nh n_p*nf",
    "grad_b1": "nh 1",
    "grad_W2": "10 nh",
    "grad_b2": "10 1",
}
"""The file's keys and the shapes of their arrays; n_p = (32/f)² patches."""

INPUTS = ("X", "Fs", "y", "Y", "W1", "b1", "W2", "b2")
"""What the other arrays are computed from."""


class DebugFileError(Exception):
    """A file that can't be used; the message says which and why."""


@dataclass(slots=True, kw_only=True)
class DebugFile:
    """arrays: float64, by key, those of SHAPES only; sizes: what the names in SHAPES stand for; others: other keys."""

    arrays: dict[str, Array]
    sizes: dict[str, int]
    others: list[str]

    @property
    def missing(self) -> list[str]:
        """The keys that the file should have, but has not."""
        return [key for key in SHAPES if key not in self.arrays]

    def zeros(self, key: str) -> Array:
        """An array of zeros for `key`; a width that no array tells is 1."""
        return np.zeros([int(name) if name.isdigit() else self.sizes.get(name, 1) for name in SHAPES[key].split()])


def read_debug_file(path: Path) -> DebugFile:
    """The file's arrays; raises DebugFileError unless it is an .npz of numbers of fitting shapes, with X and Fs."""
    found = _plain_arrays(path)
    arrays = {key: _numbers(key, found[key]) for key in SHAPES if key in found}
    absent = [key for key in ("X", "Fs") if key not in arrays]
    if absent:
        raise DebugFileError(f"{path} must hold X and Fs, from which all else comes: it lacks {', '.join(absent)}")
    return DebugFile(arrays=arrays, sizes=_sizes(arrays), others=[key for key in found if key not in SHAPES])


def _plain_arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise DebugFileError(f"{path} is no file: check the path")
    if not zipfile.is_zipfile(path):
        raise DebugFileError(f"{path} is not a readable .npz file: save one with np.savez")
    try:
        # opened here, since np.load leaves a damaged file open; a pickle can run any code, so objects are never read
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            return {key: np.asarray(file[key]) for key in file.files}
    except Exception as error:  # 3,000 files damaged at random raised a dozen kinds, down to tokenize.TokenError
        if "Object arrays" in str(error):
            reason = "holds pickled objects, which could run any code when read, and is refused"
        else:
            reason = f"is damaged ({' '.join(str(error).split()) or type(error).__name__})"
        raise DebugFileError(f"{path} {reason}: save plain arrays with np.savez") from error


def _numbers(key: str, array: np.ndarray) -> Array:
    """The array in float64, without stray axes; inputs must be finite, and labels labels."""
    if array.dtype.kind not in "biuf":
        raise DebugFileError(f"{key} must hold real numbers: got dtype {array.dtype}")
    if array.size == 0:
        raise DebugFileError(f"{key} must not be empty: got shape {array.shape}")
    axes = len(SHAPES[key].split())
    if axes == 0 and array.size == 1:
        array = array.reshape(())
    if array.ndim == axes + 1 and array.shape[0] == 1:  # the course's X1 has such an axis
        array = array[0]
    numbers = array.astype(np.float64)
    if key in INPUTS and not np.isfinite(numbers).all():
        raise DebugFileError(f"{key} must hold finite numbers, since others are computed from it")
    if key == "y" and not (is_label := np.isin(numbers, np.arange(CLASSES))).all():
        raise DebugFileError(f"y must hold labels 0 to {CLASSES - 1}: got {numbers[~is_label][0]:g}")
    return numbers


def _sizes(arrays: Mapping[str, Array]) -> dict[str, int]:
    """What the names in SHAPES stand for: what the first array that has them says, and all others must agree."""
    sizes: dict[str, int] = {}
    for key, array in arrays.items():
        names = SHAPES[key].split()
        if not (
            array.ndim == len(names)
            and all(
                length == (int(name) if name.isdigit() else sizes.setdefault(name, length))
                for name, length in zip(names, array.shape, strict=True)
            )
        ):
            known = "".join(f", {name} = {sizes[name]}" for name in dict.fromkeys(names) if name in sizes)
            raise DebugFileError(f"{key} must have shape ({', '.join(names)}){known}: got {array.shape}")
        if key == "Fs":
            f, nf = sizes["f"], sizes["nf"]
            if SIDE % f:
                raise DebugFileError(f"Fs must hold filters that tile a 32x32 image: got width {f}, not 2, 4, 8 or 16")
            grid = SIDE // f
            sizes |= {"32/f": grid, "n_p": grid**2, "n_p*nf": grid**2 * nf, "3f²": 3 * f**2}
    return sizes
