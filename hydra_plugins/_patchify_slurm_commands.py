"""What Slurm's own commands say, and what it means."""

import shlex
import subprocess

from patchify.config.door import ConfigError

ANSWER = 30
"""Seconds that Slurm has to answer."""
USUAL = {"None", "Priority", "Resources", "JobArrayTaskLimit", "BeginTime", "Cleaning"}
"""Reasons for which jobs wait that pass by themselves."""
ALIVE = {
    *("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "REQUEUED", "REQUEUE_HOLD"),
    *("REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD", "RESIZING", "SIGNALING", "STAGE_OUT"),
}
"""States of Slurm's jobs that may still come to a result."""


def ask(*words: str) -> str:
    """What a command of Slurm's prints. Raises ConfigError where there is none, or it fails."""
    remedy = "start patchify where the cluster's jobs are started from, or leave hydra/launcher=slurm out"
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=ANSWER)  # noqa: S603
    except FileNotFoundError:
        raise ConfigError(f"hydra/launcher=slurm must have Slurm's {words[0]}: there is none; {remedy}") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"Slurm must answer: {shlex.join(words)} took over {ANSWER} s; {remedy}") from None
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split())
        raise ConfigError(f"Slurm must answer: {shlex.join(words)} failed: {said}; {remedy}") from None
    return done.stdout


def probe(*options: str) -> None:
    """Ask whether Slurm would take a job with these options. Raises ConfigError where it would not."""
    words = ["sbatch", "--test-only", "--wrap=true", *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=ANSWER)  # noqa: S603
    if done.returncode:
        raise ConfigError(f"Slurm must take the jobs: {' '.join(done.stderr.split())}")


def cancel(array: str) -> None:
    """Have Slurm end jobs as SIGTERM ends a run."""
    subprocess.run(["scancel", array], check=False, timeout=ANSWER)  # noqa: S603, S607
