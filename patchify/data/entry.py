"""A prepared data set as a folder of files: `train.npy`, `validation.npy`, `test.npy` and, for all else, `rest.npz`.

The images are mapped into memory, not read: processes that open the same entry share them. Their CRCs lie in
`rest.npz`, whose own the zip format keeps.
"""

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from patchify.core.axes import PIXELS
from patchify.core.model.evaluation import Examples
from patchify.data.dataset import Dataset, read_only


class DamagedEntry(Exception):
    """Files that are missing, cut short or overwritten; the message names the folder and what was found."""


def write_entry(dataset: Dataset, folder: Path) -> None:
    """Write all files of an entry into a folder that is there. Raises OSError, as where the disk is full."""
    rest: dict[str, Any] = {}
    for split, examples in (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test)):
        if examples is not None:
            np.save(folder / f"{split}.npy", examples.images)
            rest |= {f"{split}_labels": examples.labels, f"{split}_crc": zlib.crc32(examples.images.data)}
    np.savez(
        folder / "rest.npz",
        **rest,
        mean=dataset.mean,
        std=dataset.std,
        name=dataset.name,
        class_names=dataset.class_names,
        digest=dataset.digest,
        official=dataset.official,
    )


def open_entry(folder: Path, *, check: bool) -> Dataset:
    """The data set of an entry, bit for bit as it was written. Raises DamagedEntry.

    check: read all images and compare their CRCs; otherwise only shapes and lengths of the files are looked at
    """
    try:
        with (folder / "rest.npz").open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            rest = {name: read_only(file[name]) for name in file.files}
        return Dataset(
            train=_examples(folder, "train", rest, check),
            validation=_examples(folder, "validation", rest, check) if "validation_labels" in rest else None,
            test=_examples(folder, "test", rest, check),
            mean=rest["mean"],
            std=rest["std"],
            name=str(rest["name"]),
            class_names=rest["class_names"].tolist(),
            digest=str(rest["digest"]),
            official=bool(rest["official"]),
        )
    except Exception as error:  # a damaged file can raise nearly anything: BadZipFile, EOFError, ValueError, ...
        reason = f"{type(error).__name__}: {error}"[:200]
        raise DamagedEntry(f"{folder} is damaged ({reason})") from error


def _examples(folder: Path, split: str, rest: dict[str, np.ndarray[Any, Any]], check: bool) -> Examples:
    path, labels = folder / f"{split}.npy", rest[f"{split}_labels"]
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    if images.shape != (len(labels), PIXELS) or images.dtype != rest["mean"].dtype:
        raise ValueError(f"{path.name} holds {images.dtype} of shape {images.shape}")
    if check and zlib.crc32(images.data) != rest[f"{split}_crc"]:
        raise ValueError(f"{path.name} has another CRC than when it was written")
    return Examples(images=np.asarray(images), labels=labels)  # a plain view: the subclass would slow down every step
