"""Folders with checkpoints."""

from pathlib import Path

import pytest

from patchify.core.training.checkpoints import write_checkpoint
from tests.core.states import RUN, state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder within the test's own."""
    made = tmp_path / "run"
    made.mkdir()
    return made


@pytest.fixture
def newest(folder: Path) -> Path:
    """The newest of two checkpoints, of updates 50 and 100."""
    write_checkpoint(folder, state(50), run=RUN)
    return write_checkpoint(folder, state(100), run=RUN)
