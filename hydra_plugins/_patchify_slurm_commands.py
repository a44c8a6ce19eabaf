"""What Slurm's own commands say, and what it means."""

import re
import shlex
import subprocess
from collections.abc import Sequence

from patchify.config.door import ConfigError

ANSWER = 30
"""Seconds that Slurm has to answer."""
REMEDY = "start patchify where the cluster's jobs are started from, or leave hydra/launcher=slurm out"
FORGOTTEN = "Invalid job id"
"""Slurm's words for a job that ended some time ago."""
USUAL = {"None", "Priority", "Resources", "JobArrayTaskLimit", "BeginTime", "Cleaning"}
"""Reasons for which jobs wait that pass by themselves."""
ALIVE = {
    *("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "REQUEUED", "REQUEUE_HOLD"),
    *("REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD", "RESIZING", "SIGNALING", "STAGE_OUT"),
}
"""States of Slurm's jobs that may still come to a result."""


def ask(*words: str) -> str:
    """What a command of Slurm's prints. Raises ConfigError where there is none, or it fails."""
    return _printed(words, _done(*words))


def probe(*options: str) -> None:
    """Ask whether Slurm would take a job with these options. Raises ConfigError where it would not."""
    done = _done("sbatch", "--test-only", "--wrap=true", *options)
    if done.returncode:
        raise ConfigError(f"Slurm must take the jobs: {' '.join(done.stderr.split())}")


def largest_array() -> int:
    """Jobs that one array may have; 1 where there are no arrays. Raises ConfigError as `ask` does."""
    said = re.search(r"^MaxArraySize\s*=\s*(\d+)$", ask("scontrol", "show", "config"), re.MULTILINE)
    return max(1, int(said[1])) if said else 1


def preempted(job: str) -> bool:
    """Whether Slurm has told the job to leave its place to more urgent ones."""
    try:
        said = ask("scontrol", "show", "job", "--oneliner", job)
    except ConfigError:  # it has gone down: the job ends as any other that is told to
        return False
    when = re.search(r" PreemptTime=(\S+)", said)
    return when is not None and when[1] != "None"


def queued(arrays: Sequence[str], *options: str) -> list[str]:
    """What squeue prints of the jobs in arrays, nothing of those that are forgotten. Raises ConfigError."""
    words = ["squeue", "--noheader", f"--jobs={','.join(arrays)}", *options]
    done = _done(*words)
    return [] if FORGOTTEN in done.stderr else _printed(words, done).splitlines()


def cancel(arrays: Sequence[str]) -> None:
    """Have Slurm end jobs as SIGTERM ends a run. Raises ConfigError where it does not hear."""
    words = ["scancel", *arrays]
    done = _done(*words)
    if FORGOTTEN not in done.stderr:  # by their end
        _printed(words, done)


def _printed(words: Sequence[str], done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise ConfigError(f"Slurm must answer: {shlex.join(words)} failed: {said}; {REMEDY}")
    return done.stdout


def _done(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=ANSWER)  # noqa: S603
    except FileNotFoundError:
        raise ConfigError(f"hydra/launcher=slurm must have Slurm's {words[0]}: there is none; {REMEDY}") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"Slurm must answer: {shlex.join(words)} took over {ANSWER} s; {REMEDY}") from None
