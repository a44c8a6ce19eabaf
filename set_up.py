"""Make `.venv` with all that patchify and its checks need; called by the Makefile, standard library only.

With the word `benchmark`, also PyTorch and JAX, which patchify-benchmark compares with; with the word `cluster`, what
the tests of clusters and of a team's server need.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
READY = {
    "dev": ENVIRONMENT / "ready-to-use",
    "dev,benchmark": ENVIRONMENT / "ready-to-compare",
    "dev,slurm,ray,server": ENVIRONMENT / "ready-for-clusters",
}
"""Files that say that these extras are installed."""
WORDS = {"benchmark": "dev,benchmark", "cluster": "dev,slurm,ray,server"}
INPUTS = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]


def main(extras: str) -> None:
    """Install unless that has been done since the inputs changed; a second process waits for the first."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where others are told
        sys.exit("patchify needs Python 3.11 or newer: make PYTHON=python3.12 ...")
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = READY[extras]
        if ready.exists() and all(ready.stat().st_mtime >= path.stat().st_mtime for path in INPUTS):
            return
        print("Installing into .venv: a minute or two the first time ...", flush=True)
        run(sys.executable, "-m", "venv", str(ENVIRONMENT), remedy="on Debian and Ubuntu, install python3-venv")
        pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        wanted = ["--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}[{extras}]"]
        run(*pip, *wanted, remedy="check the connection to the package index, then try again")
        ready.touch()


def run(*words: str, remedy: str) -> None:
    """Run a command; end with a remedy if it fails."""
    if subprocess.run(words, check=False).returncode:
        sys.exit(f"{' '.join(words[1:4])} failed: {remedy}")


if __name__ == "__main__":
    main(WORDS[sys.argv[1]] if sys.argv[1:] else "dev")
