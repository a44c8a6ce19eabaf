"""What the numbers were measured on and with."""

import importlib.metadata
import platform
from pathlib import Path

from patchify.benchmark.names import LIBRARIES, installed
from patchify.benchmark.worker import cores
from patchify.tracking.facts import facts


def machine() -> dict[str, str]:
    """Processor, cores, and the versions of whatever does the work, by what each is called in a table."""
    known = facts()
    return {
        "processor": processor(),
        "cores": str(cores()),
        "platform": known["platform"],
        "BLAS": known["blas"],
        "Python": known["version.python"],
        "NumPy": known["version.numpy"],
        **{library: importlib.metadata.version(library) for name, library in LIBRARIES.items() if installed(name)},
        "patchify": known["version.patchify"] + commit(known),
    }


def processor() -> str:
    """The processor's name as Linux tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    return ", ".join(sorted(names)) or platform.machine()


def commit(known: dict[str, str]) -> str:
    """The commit, in brackets, where the code runs from a checkout."""
    if "mlflow.source.git.commit" not in known:
        return ""
    changes = " with changes" if known["git.dirty"] == "True" else ""
    return f" (commit {known['mlflow.source.git.commit'][:10]}{changes})"
