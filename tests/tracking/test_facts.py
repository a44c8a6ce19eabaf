"""What a result depends on besides its settings."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from patchify.tracking.facts import _git, facts


def test_facts_name_libraries_machine_and_blas() -> None:
    found = facts()
    assert found["version.numpy"] == np.__version__
    for key in ("version.patchify", "version.mlflow", "version.python", "host", "platform", "blas"):
        assert found[key]


def test_the_commit_is_that_of_the_code_and_says_whether_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "patchify"
    package.mkdir()
    file = package / "__init__.py"
    file.write_text("")
    monkeypatch.setattr("patchify.tracking.facts.PACKAGE", package)

    def git(*words: str) -> str:
        name = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        done = subprocess.run(["git", *name, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    assert _git() == {}, "a wheel in somebody else's checkout has no commit of its own"
    git("add", ".")
    git("commit", "-qm", "first")
    assert _git() == {"mlflow.source.git.commit": git("rev-parse", "HEAD"), "git.dirty": "False"}
    file.write_text("# changed")
    assert _git()["git.dirty"] == "True"
