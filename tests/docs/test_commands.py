"""Every command of the README and of the documentation works, in the order of its page."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands.test_gradcheck import debugging_arrays
from tests.conftest import call
from tests.docs.pages import PAGES, ROOT, blocks, quick

CHANGES = ROOT / "docs" / "your-own.md"
"""The page that changes the project itself."""


@pytest.fixture
def desk(tmp_path: Path, stored: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the pages take for granted."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8)).save(tmp_path / "photo.jpg")
    np.savez(tmp_path / "debug_conv_info.npz", **debugging_arrays())  # type: ignore[arg-type]  # NumPy's stub takes allow_pickle for one
    monkeypatch.setenv("PATCHIFY_DATA", str(stored))
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if page != CHANGES], ids=lambda page: page.stem)
def test_the_commands_of_a_page_work_one_after_the_other(
    page: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mains = {found.name: found for found in entry_points(group="console_scripts")}
    for block in blocks(page):
        if block.path:
            write(desk / block.path, block.text)
        exec(block.script, {})
        for words in block.commands:
            name, *rest = quick(words)
            status = call(mains[name].load(), name, *rest)
            assert status == 0, f"{words}: {capsys.readouterr().err}"


def test_what_one_adds_oneself_works_as_the_page_shows_it(tmp_path: Path) -> None:
    project = tmp_path / "project"
    kept = subprocess.run(
        ["git", "ls-files", "patchify", "conf", "hydra_plugins"], cwd=ROOT, capture_output=True, check=True
    )
    for name in kept.stdout.decode().splitlines():
        write(project / name, (ROOT / name).read_text())
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (350, 32, 32, 3), np.uint8), rng.integers(0, 10, 350)
    np.savez(
        project / "mine.npz",
        train_images=images,
        train_labels=labels,
        test_images=images,
        test_labels=labels,
        class_names=np.array(list("abcdefghij")),
    )
    environment = {**os.environ, "PYTHONPATH": str(project)}
    for block in blocks(CHANGES):
        if block.path:
            write(project / block.path, block.text)
        if block.kind == "diff":
            subprocess.run(["git", "apply", "-"], input=block.text.encode(), cwd=project, check=True)
        for words in block.commands:
            run = "from patchify.commands.train import main; main()"
            subprocess.run([sys.executable, "-c", run, *quick(words)[1:]], cwd=project, env=environment, check=True)
    subprocess.run([sys.executable, "-m", "pytest", "-q", "tests"], cwd=project, env=environment, check=True)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
