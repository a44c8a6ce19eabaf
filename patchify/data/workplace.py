"""Where files are made that others will read: out of their sight, by one process at a time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def workplace(root: Path, name: str) -> Iterator[Path]:
    """An empty folder in `root` for unfinished work, for one process at a time; what a killed one left is swept."""
    from filelock import FileLock  # noqa: PLC0415  # it imports asyncio, which the help page would wait for

    work = root / f".{name}-unfinished"
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f".{name}.lock"):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
