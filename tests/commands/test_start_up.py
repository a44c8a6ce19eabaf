"""What only asks for help, settings or completions starts soon: it imports nothing that takes long."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

HEAVY = ["PIL", "filelock", "matplotlib", "mlflow", "optuna", "pandas", "pooch", "scipy", "typst"]
"""MLflow takes seconds, Matplotlib one; filelock, the least, brings asyncio along."""
CODE = f"""
import atexit, importlib, sys
atexit.register(lambda: print("imported:", *[name for name in {HEAVY} if name in sys.modules], file=sys.stderr))
sys.argv[0], module = "patchify", sys.argv.pop(1)
importlib.import_module(module).main()
"""


@pytest.mark.parametrize(
    ("command", "words", "expected"),
    [
        ("train", ["--help"], "  label_smoothing  "),
        ("train", ["--cfg", "job"], "filter_sizes"),
        ("train", ["-sc", "query=bash"], "architecture=arch2"),
        ("predict", ["--help"], "best:STUDY"),
        ("report", ["--help"], "report.yaml"),
    ],
    ids=["help", "settings", "completion", "help of predict", "help of report"],
)
def test_no_heavy_library_is_imported_for(command: str, words: list[str], expected: str) -> None:
    typed = "patchify architecture=arch"
    environment = {**os.environ, "COMP_LINE": typed, "COMP_POINT": str(len(typed))}
    python = [sys.executable, "-c", CODE, f"patchify.commands.{command}", *words]
    done = subprocess.run(python, capture_output=True, text=True, check=True, env=environment)
    assert expected in done.stdout
    assert done.stderr == "imported:\n"


@pytest.mark.parametrize(("command", "words"), [("summarize", ["tiny"]), ("predict", ["best:tiny", "picture.png"])])
def test_a_local_store_is_read_without_mlflow(command: str, words: list[str], tiny_sweep: Path, tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "picture.png")
    python = [sys.executable, "-c", CODE, f"patchify.commands.{command}", *words, "--uri", str(tiny_sweep)]
    done = subprocess.run(python, capture_output=True, text=True, check=True)
    assert "mlflow" not in done.stderr.splitlines()[-1].split()
