"""Archives for the tests to unpack, and what must be left of it."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

from patchify.data.cifar10 import ARCHIVE, FOLDER, MD5


def archive(extra: Callable[[tarfile.TarFile], None] | None = None, without: str | None = None) -> bytes:
    """An archive of small files with the right names, and perhaps more, or one less."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in [name for name in MD5 if name != without]:
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
        if extra:
            extra(tar)
    return gzip.compress(packed.getvalue(), mtime=0)  # the same bytes whenever it is made


def assert_unpacked(root: Path) -> None:
    """The seven files and their archive are there, and nothing that is only half done."""
    assert {path.name for path in (root / FOLDER).iterdir()} == set(MD5)
    assert (root / FOLDER / "test_batch").read_text() == "test_batch"
    assert {path.name for path in root.iterdir()} - {".cifar-10.lock"} == {FOLDER, ARCHIVE}


def assert_nothing_left(root: Path, *kept: str) -> None:
    assert {path.name for path in root.iterdir()} - {".cifar-10.lock"} == set(kept)
