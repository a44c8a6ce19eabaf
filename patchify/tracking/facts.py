"""What a result depends on besides its settings: code, libraries and machine, as tags of a run."""

import importlib.metadata
import json
import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_info

PACKAGE = Path(__file__).parents[1]
COMMAND = "PATCHIFY_COMMAND"
"""Environment variable with the command line, where runs are made; the processes of a launcher inherit it."""

COMMIT = "PATCHIFY_COMMIT"
"""Environment variable with the tags of git, for machines without it."""
LOG = "PATCHIFY_LOG"
"""Environment variable with the log file of a job on a cluster."""

LIBRARIES = ("patchify", "numpy", "scipy", "hydra-core", "omegaconf", "mlflow", "matplotlib")


def note_command(name: str, words: Sequence[str]) -> None:
    """Have the facts hold this command line, in whichever process; without the store's address."""
    public = [word for word in words if not word.lstrip("+").startswith("tracking.")]  # may hold a password
    os.environ[COMMAND] = shlex.join([name, *public])


def note_commit() -> None:
    """Have the facts hold this checkout's commit, in whichever process: git may be missing where a job runs."""
    os.environ[COMMIT] = json.dumps(_git())


def facts() -> dict[str, str]:
    """Tags of every run: command line, log, git commit and whether tracked files differ, versions, machine and BLAS."""
    announced = {tag: os.environ[name] for tag, name in (("command", COMMAND), ("log", LOG)) if name in os.environ}
    return {**announced, **_lasting_facts()}


@cache
def _lasting_facts() -> dict[str, str]:
    """What stays the same as long as the process lives."""
    blas = {
        f"{pool['internal_api']} {pool.get('version')} {pool.get('architecture')}"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    return {
        **(json.loads(os.environ[COMMIT]) if COMMIT in os.environ else _git()),
        **{f"version.{name}": importlib.metadata.version(name) for name in LIBRARIES},
        "version.python": platform.python_version(),
        "host": platform.node(),
        "platform": platform.platform(),
        "blas": ", ".join(sorted(blas)) or "unknown",
    }


def _git() -> dict[str, str]:
    """Commit of the checkout that the code runs from; nothing where it was installed as a wheel, or without git."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=PACKAGE, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607

    try:
        if not git("ls-files", "__init__.py"):  # a wheel in an environment inside somebody's own checkout
            return {}
        changes = git("status", "--porcelain", "--untracked-files=no")
        return {"mlflow.source.git.commit": git("rev-parse", "HEAD"), "git.dirty": str(bool(changes))}
    except (OSError, subprocess.CalledProcessError):
        return {}
