"""Prepared data kept on disk, so that they are made once and that processes share them in memory.

Entries are found by the bytes of the source files. What these were like when they were last read (size, times) is
noted in the entry's `checked.json`: where they still are so, the entry is opened without reading them again.
"""

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from patchify.core import NUMERICS_VERSION
from patchify.data.dataset import Dataset
from patchify.data.entry import DamagedEntry, open_entry, write_entry
from patchify.data.source import DataSource
from patchify.data.workplace import workplace

KEPT = 2
"""Entries kept, those checked last: CIFAR-10 in float32 takes 740 MB."""
VERSIONS = (NUMERICS_VERSION, np.__version__)
"""Of the code that decides the numbers: NumPy's permutations may change with its version."""
VARIABLE = "PATCHIFY_CACHE"
PREFIX = "prepared-"
"""Begins the name of every entry: no other folder is ever removed."""


class CacheWarning(UserWarning):
    """The cache can't be used as it is. The data are right all the same, but take longer."""


def cache_folder() -> Path:
    """Where prepared data are kept: the folder named by PATCHIFY_CACHE, else one in the user's cache folder."""
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    from platformdirs import user_cache_path  # noqa: PLC0415  # only where data are used, not for the help page

    return user_cache_path("patchify") / "prepared"


def entries(root: Path) -> list[Path]:
    """Folders of all entries, those checked last first."""
    return sorted(root.glob(f"{PREFIX}*"), key=lambda entry: entry.stat().st_mtime, reverse=True)


def cached(source: DataSource, dtype: np.dtype[Any], make: Callable[[], Dataset], *, check: bool) -> Dataset:
    """The prepared data of a source that has files: opened from the cache, or made and kept there.

    check: read source files and entry and compare all checksums, also where that has been done before
    Raises DataError like the source. Where nothing can be kept, warns (CacheWarning) and gives what `make` gives.
    """
    root, state = cache_folder(), _state(source, dtype)
    if not check and (found := _checked_before(root, state)):
        return found
    entry = root / _name(source.verify(), source, dtype)
    dataset = None
    try:
        with workplace(root, "prepared") as work:
            dataset = _sound(entry)
            if dataset is None:
                dataset = make()
                if _state(source, dtype) != state:  # changed since `verify`: another name would be right
                    return dataset
                _keep(dataset, entry, work)
                dataset = open_entry(entry, check=False)
            (entry / "checked.json").write_text(state)  # torn or lost, it only leads to another check
            os.utime(entry)
    except OSError as error:
        remedy = f"make room there, or name another folder with {VARIABLE}"
        text = f"prepared data can't be kept in {root} ({error}), so every process prepares its own: {remedy}"
        warnings.warn(text, CacheWarning, stacklevel=3)
    return dataset or make()


def _state(source: DataSource, dtype: np.dtype[Any]) -> str:
    """All that decides the prepared data, with sizes and times in place of the bytes of files."""
    status = [(str(path), path.stat()) for path in source.files]
    files = [(path, found.st_size, found.st_mtime_ns, found.st_ctime_ns) for path, found in status]
    return json.dumps([*VERSIONS, dtype.str, type(source).__name__, astuple(source), files])


def _name(checksum: str, source: DataSource, dtype: np.dtype[Any]) -> str:
    decisive = [*VERSIONS, dtype.str, source.validation, source.split_seed, checksum]
    return PREFIX + hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]


def _checked_before(root: Path, state: str) -> Dataset | None:
    for checked in root.glob(f"{PREFIX}*/checked.json"):
        try:
            if checked.read_text() == state:
                return open_entry(checked.parent, check=False)
        except (OSError, UnicodeDecodeError, DamagedEntry):  # the full check will say, and put it right
            return None
    return None


def _sound(entry: Path) -> Dataset | None:
    """The data set of the entry if all its checksums hold; None, with a warning, if not, and None if there is none."""
    if not entry.exists():
        return None
    try:
        return open_entry(entry, check=True)
    except DamagedEntry as fault:
        warnings.warn(f"{fault}: the data are prepared anew", CacheWarning, stacklevel=4)
        return None


def _keep(dataset: Dataset, entry: Path, work: Path) -> None:
    """Write an entry within `work` and move it into place, after the oldest, and a damaged one, made room for it."""
    others = [other for other in entries(entry.parent) if other != entry]
    for gone in [*others[KEPT - 1 :], *([entry] if entry.exists() else [])]:
        gone.rename(work / gone.name)  # at once, so that nobody finds half an entry
        shutil.rmtree(work / gone.name)
    new = work / "new"
    new.mkdir()
    write_entry(dataset, new)
    new.rename(entry)
