"""Batches of CIFAR-10's size that cost nothing, as nearly all pixels are zero and files sparse; and a small source."""

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from patchify.data import cifar10, prepare
from tests.data.prepared import Stored, done

CLASS_NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PIXELS = 3072 * 10_000


def _python2_batch(
    code: bytes = b"u1",
    rows: int = 10_000,
    fields: bytes = b"NNN",
    size: int = PIXELS,
    labels: bytes = b"K\x07" * 10_000,
) -> bytes:
    state = b"(K\x03U\x01|" + fields + b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    return b"".join(
        [
            b"\x80\x02}(U\x06labels](" + labels + b"e",
            b"U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R",
            b"(K\x01M" + rows.to_bytes(2, "little") + b"M\x00\x0c\x86",
            b"cnumpy\ndtype\nU\x02" + code + b"K\x00K\x01\x87R" + state,
            b"\x89T" + size.to_bytes(4, "little") + bytes(size) + b"tbu.",
        ]
    )


@pytest.fixture(scope="session")
def python2_batch() -> Callable[..., bytes]:
    """Makes a batch as Python 2 pickled it: labels, rows, the dtype's code and fields, and zeros for pixels."""
    return _python2_batch


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds `cifar-10-batches-py/`.

    All labels of batch b are b, of the test batch 6. The first image of each counts up in planar order, the others
    are black.
    """
    root = tmp_path_factory.mktemp("cifar")
    folder = root / cifar10.FOLDER
    folder.mkdir()
    for label, name in enumerate([*cifar10.TRAINING, "test_batch"], start=1):
        content = _python2_batch(labels=(b"K" + bytes([label])) * 10_000)
        end = len(content) - len(b"tbu.")
        with (folder / name).open("wb") as file:
            file.write(content[: end - PIXELS] + (np.arange(3072) % 256).astype(np.uint8).tobytes())
            file.seek(end)  # a hole reads as zeros
            file.write(content[end:])
    (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": [name.encode() for name in CLASS_NAMES]}, 2))
    return root


@pytest.fixture(scope="session")
def checksums(stored: Path) -> dict[str, str]:
    """The MD5 of each stored file."""
    return {name: hashlib.md5((stored / cifar10.FOLDER / name).read_bytes()).hexdigest() for name in cifar10.MD5}


@pytest.fixture
def make_source() -> Callable[..., cifar10.Cifar10]:
    """Makes a Cifar10 of a folder."""

    def make(root: Path | str | None, official_only: bool = False) -> cifar10.Cifar10:
        text = None if root is None else str(root)
        return cifar10.Cifar10(root=text, official_only=official_only, validation=1000, split_seed=0)

    return make


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """A source whose file holds noise, in what seems a fresh process."""
    monkeypatch.setattr(prepare, "_last", {})
    done.clear()
    path = tmp_path / "images"
    path.write_bytes(np.random.default_rng(0).bytes(80 * 3072))
    return Stored(path=str(path), validation=10, split_seed=0)
