"""What only asks for help, settings or completions starts soon: it imports nothing that takes long."""

import os
import subprocess
import sys

import pytest

HEAVY = ["filelock", "matplotlib", "mlflow", "optuna", "pandas", "pooch", "scipy"]
"""MLflow takes seconds, Matplotlib one; filelock, the least, brings asyncio along."""
CODE = f"""
import atexit, sys
atexit.register(lambda: print("imported:", *[name for name in {HEAVY} if name in sys.modules], file=sys.stderr))
sys.argv[0] = "patchify"
from patchify.commands.train import main
main()
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--help"], "  label_smoothing  "),
        (["--cfg", "job"], "filter_sizes"),
        (["-sc", "query=bash"], "architecture=arch2"),
    ],
    ids=["help", "settings", "completion"],
)
def test_no_heavy_library_is_imported_for(words: list[str], expected: str) -> None:
    typed = "patchify architecture=arch"
    environment = {**os.environ, "COMP_LINE": typed, "COMP_POINT": str(len(typed))}
    command = [sys.executable, "-c", CODE, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert expected in done.stdout
    assert done.stderr == "imported:\n"
