"""Reading CIFAR-10's pickles without running anything they say.

A pickle is a program: it names functions and calls them. These files name NumPy's few that rebuild an array. Not even
those are called here, since NumPy's own `__setstate__` trusts the flags it is given (a dtype that hides its object
pointers turns bytes into pointers). Stand-ins write down what the file says about its array, and the array is made
from the bytes once that has been checked.
"""

import copyreg
import io
import pickle  # every global is looked up in `_Reader.find_class` alone
import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from patchify.core.axes import CLASSES, PIXELS
from patchify.data.source import DataError

BATCH = 10_000
"""Images in one file."""
REMEDY = "replace it with the file of the official archive"


def read_batch(content: bytes, path: Path) -> tuple[UInt8[np.ndarray, "10000 3072"], Int64[np.ndarray, "10000"]]:
    """Images in planar order (channel, row, column) and labels in 0..9 of one batch file.

    content: the whole file, as Python 2 or Python 3 pickled it; path: names the file in errors
    Raises DataError where the file is damaged, holds something else, or asks for code to be run.
    """
    with _faults_of(path):
        entries = _entries(content, path, needed=("data", "labels"))
        return _images(entries["data"], path), _labels(entries["labels"], path)


def read_class_names(content: bytes, path: Path) -> list[str]:
    """The ten class names in `batches.meta`, in the order of the labels; raises DataError like `read_batch`."""
    with _faults_of(path):
        names = _entries(content, path, needed=("label_names",))["label_names"]
        if not isinstance(names, list) or [isinstance(name, bytes | str) for name in names] != [True] * CLASSES:
            raise DataError(f"{path}: expected {CLASSES} strings in label_names, got {reprlib.repr(names)}; {REMEDY}")
        return [_text(name) for name in names]


@dataclass(slots=True, eq=False)
class _DType:
    """Stands in for a NumPy dtype: its code ("u1"), its state (version, order, subarray, names, fields, ...)."""

    code: object
    state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __repr__(self) -> str:
        return f"dtype({reprlib.repr(self.code)})"

    @property
    def is_uint8(self) -> bool:
        """Whether these are plain bytes, without subarray, names or fields."""
        plain = self.state is None or (isinstance(self.state, tuple) and self.state[2:5] == (None, None, None))
        return plain and self.code in ("u1", b"u1", "|u1", b"|u1")  # a set would hash what it is given


@dataclass(slots=True, eq=False, repr=False)  # its own repr would spell out 30 MB
class _Array:
    """Stands in for a NumPy array: what the file says about it."""

    raw: object = None
    dtype: object = None
    shape: object = None
    fortran: object = False

    def __setstate__(self, state: tuple[object, object, object, object, object]) -> None:
        _version, self.shape, self.dtype, self.fortran, self.raw = state


class _Reader(pickle.Unpickler):
    """An unpickler that knows NumPy's array reconstruction by name, and nothing else."""

    def __init__(self, content: bytes, path: Path) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")  # Python 2's strings are bytes
        self._path = path

    def find_class(self, module: str, name: str) -> object:
        """A fresh stand-in for each global that is admitted, so that no file can leave anything behind in one."""
        match module.replace("numpy._core", "numpy.core", 1), name:  # NumPy 2 renamed it
            case "numpy.core.multiarray", "_reconstruct":
                return lambda *_: _Array()  # the state follows
            case "numpy.core.numeric", "_frombuffer":  # how NumPy pickles with protocol 5
                return lambda raw, dtype, shape, order: _Array(raw, dtype, shape, order == "F")
            case "numpy", "ndarray":
                return "ndarray"  # only ever handed to _reconstruct
            case "numpy", "dtype":
                return lambda code, *_: _DType(code)
            case "_codecs", "encode":  # how Python 3 pickles bytes for protocols 0 to 2
                return lambda text, _latin1: text.encode("latin-1")
        rule = "expected NumPy's array reconstruction and nothing else"
        raise DataError(f"{self._path}: {rule}, got a call for {module}.{name}, which was not run; {REMEDY}")


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Turn whatever a damaged pickle sets off into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # a broken pickle can raise nearly anything: EOFError, KeyError, MemoryError, ...
        reason = f"{type(error).__name__}: {error}"[:200]
        raise DataError(f"{path} is damaged or no pickle: expected a CIFAR-10 file, got {reason}; {REMEDY}") from error


def _entries(content: bytes, path: Path, needed: tuple[str, ...]) -> dict[str, object]:
    copyreg.clear_extension_cache()  # a cached extension would be handed out without asking find_class
    loaded = _Reader(content, path).load()
    if not isinstance(loaded, dict):
        raise DataError(f"{path}: expected a pickled dict, got {type(loaded).__name__}; {REMEDY}")
    entries = {_text(key): value for key, value in loaded.items() if isinstance(key, bytes | str)}
    if missing := [key for key in needed if key not in entries]:
        raise DataError(f"{path}: expected the keys {', '.join(needed)}, got no {', '.join(missing)}; {REMEDY}")
    return entries


def _images(array: object, path: Path) -> UInt8[np.ndarray, "10000 3072"]:
    expected = f"{path}: expected data of shape {(BATCH, PIXELS)} and dtype uint8"
    if not isinstance(array, _Array):
        raise DataError(f"{expected}, got {type(array).__name__}; {REMEDY}")
    if array.shape != (BATCH, PIXELS) or not isinstance(array.dtype, _DType) or not array.dtype.is_uint8:
        raise DataError(f"{expected}, got {reprlib.repr(array.shape)} and {array.dtype!r}; {REMEDY}")
    if not isinstance(array.raw, bytes | bytearray) or len(array.raw) != BATCH * PIXELS:
        size = len(array.raw) if isinstance(array.raw, bytes | bytearray) else "no"
        raise DataError(f"{expected}, {BATCH * PIXELS} bytes, got {size} bytes; {REMEDY}")
    return np.frombuffer(array.raw, np.uint8).reshape(BATCH, PIXELS, order="F" if array.fortran else "C")


def _labels(labels: object, path: Path) -> Int64[np.ndarray, "10000"]:
    expected = f"{path}: expected {BATCH} labels, integers from 0 to {CLASSES - 1}"
    if not isinstance(labels, list) or len(labels) != BATCH:
        size = len(labels) if isinstance(labels, list) else type(labels).__name__
        raise DataError(f"{expected}, got {size}; {REMEDY}")
    for position, label in enumerate(labels):
        if type(label) is not int or not 0 <= label < CLASSES:
            raise DataError(f"{expected}, got {reprlib.repr(label)} at position {position}; {REMEDY}")
    return np.array(labels, np.int64)


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
