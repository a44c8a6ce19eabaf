"""Our launcher for Slurm: arrays of jobs, a run each, sent by submitit.

A job that Slurm asks to end, since its time is over or others are more urgent, leaves a checkpoint, and goes on from it
once Slurm starts it again.
"""

import math
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.utils import JobReturn
from omegaconf import DictConfig, ListConfig

from hydra_plugins._patchify_cluster import LOOK_EVERY, ClusterLauncher, Ended, OnNode, failed
from hydra_plugins._patchify_slurm_commands import ALIVE, USUAL, ask, cancel, largest_array, preempted, probe, queued
from patchify.config.door import ConfigError
from patchify.config.schema import Run
from patchify.display import complain
from patchify.interrupts import Terminated, deferred, end_on_sigterm

ASK_EVERY = 10.0
"""Seconds between two questions to Slurm, which has others to answer."""
GONE = 3
"""Questions in a row in which Slurm knows nothing of a job without a result, until it counts as lost: folders shared
by machines show a file late."""
PATIENCE = 60.0
"""Seconds that cancelled jobs have to write down what they have."""


LEAST = {"parallelism": 1, "timeout_min": 1, "timeouts": 0, "signal_s": 0}
"""Of settings that are whole numbers."""


class SlurmLauncher(ClusterLauncher):
    """Runs each job on a node of a cluster; see conf/hydra/launcher/slurm.yaml for what can be set."""

    def __init__(
        self,
        *,
        parallelism: int,
        timeout_min: int,
        timeouts: int,
        signal_s: int,
        mem_gb: float | None,
        setup: ListConfig,
        options: DictConfig,
        **of_cluster: str | None,
    ) -> None:
        super().__init__()
        self.parallelism, self.timeout_min, self.timeouts, self.signal_s = parallelism, timeout_min, timeouts, signal_s
        self.mem_gb, self.setup_commands, self.of_cluster = mem_gb, setup, of_cluster
        self.options: dict[str, Any] = {str(name): value for name, value in options.items() if value is not None}

    def check(self, runs: Sequence[Run]) -> None:  # noqa: ARG002 - what a run needs, the cluster knows
        """Raise ConfigError for settings that can't be, or where there is no Slurm, submitit, or such partition."""
        try:
            import submitit  # noqa: F401, PLC0415 - not needed but for this launcher
        except ImportError:
            raise ConfigError("hydra/launcher=slurm must have submitit: install it with pip install submitit") from None
        for name, least in LEAST.items():
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            _require(whole and value >= least, name, f"must be a whole number, at least {least}", value)
        number = isinstance(self.mem_gb, int | float) and self.mem_gb > 0
        _require(number or self.mem_gb is None, "mem_gb", "must be a positive number, or null", self.mem_gb)
        commands = self.setup_commands
        _require(isinstance(commands, ListConfig), "setup", "must be a list of commands", commands)
        partition = self.of_cluster["partition"]
        partitions = sorted(set(ask("sinfo", "--noheader", "--format=%R").split()))
        known = not partition or set(partition.split(",")) <= set(partitions)
        _require(known, "partition", f"must be one of {', '.join(partitions)}", partition)
        probe(*[_flag(name, value) for name, value in {**self._chosen, **self.options}.items()])

    @property
    def _chosen(self) -> dict[str, str]:
        return {name: value for name, value in self.of_cluster.items() if value is not None}

    def workers_for(self, runs: Sequence[Run]) -> int:
        """As many as may run at a time; the cluster decides how many do."""
        return min(len(runs), self.parallelism)

    def send(self, tasks: Sequence[OnNode]) -> "SlurmJobs":
        """Send an array of jobs, or several where Slurm takes no array of so many."""
        from submitit import AutoExecutor  # noqa: PLC0415
        from submitit.core.utils import FailedJobError  # noqa: PLC0415

        limit = largest_array()
        count = math.ceil(len(tasks) / limit)
        rule = f"must be at least {count}, one for each array of {limit} jobs (Slurm's MaxArraySize)"
        _require(self.parallelism >= count, "parallelism", rule, self.parallelism)
        executor = AutoExecutor(self.folder, cluster="slurm", slurm_max_num_timeout=self.timeouts)
        executor.update_parameters(
            name=f"patchify {self.runs[0].study}",
            cpus_per_task=max(run.threads for run in self.runs),
            timeout_min=self.timeout_min,
            mem_gb=self.mem_gb,
            slurm_signal_delay_s=self.signal_s,
            slurm_array_parallelism=self.parallelism // count,
            slurm_setup=list(self.setup_commands),
            slurm_additional_parameters=self.options,
            **{f"slurm_{name}": value for name, value in self._chosen.items()},
        )
        jobs: list[Any] = []  # submitit's
        size = math.ceil(len(tasks) / count)  # of all arrays but the last: they share what may run at a time
        try:
            with deferred() as wishes:  # Ctrl-C between two arrays, so that each is known here
                for first in range(0, len(tasks), size):
                    if not wishes.end:
                        jobs += executor.submit_array([Requeued(task) for task in tasks[first : first + size]])
        except BaseException as error:
            _cancel(_arrays(jobs))
            if isinstance(error, FailedJobError):
                raise ConfigError(f"Slurm must take the jobs: {' '.join(str(error).split())}") from error
            raise
        arrays = _arrays(jobs)
        what = f"job{'s' if len(arrays) > 1 else ''} {', '.join(arrays)}"
        about = f"Slurm has them as {what}: squeue -j {','.join(arrays)}; logs in {self.folder}"
        return SlurmJobs(about=about, arrays=arrays, jobs=[_Sent(job=job) for job in jobs])


def _require(holds: bool, name: str, rule: str, got: object) -> None:
    if not holds:
        raise ConfigError(f"hydra.launcher.{name} {rule}: got {got}; change it")


def _flag(name: str, value: object) -> str:
    """An option of sbatch, as an argument of its own."""
    flag = f"--{name.replace('_', '-')}"
    return flag if value is True else f"{flag}={value}"


def _arrays(jobs: Sequence[Any]) -> list[str]:
    """The numbers of the arrays that jobs belong to, each once, in order."""
    return list(dict.fromkeys(job.job_id.partition("_")[0] for job in jobs))


def _cancel(arrays: Sequence[str], patience: float = 0.0) -> None:
    """Have Slurm end jobs, if there are any, and wait for it so many seconds; say so where it does not hear."""
    if not arrays:
        return
    deadline = time.monotonic() + patience
    try:
        cancel(arrays)
        while time.monotonic() < deadline and queued(arrays, "--format=%i"):
            time.sleep(LOOK_EVERY)
    except ConfigError as error:
        complain(f"jobs may go on, unless `scancel {' '.join(arrays)}` ends them: {error}")


@dataclass(slots=True)
class Requeued:
    """A job as Slurm runs it; called again when it was requeued."""

    task: OnNode

    def __call__(self) -> JobReturn:
        """Run the job; Slurm's signals have it leave a checkpoint and be queued again.

        SIGUSR2 is what it was sent with. A preemption may begin with SIGTERM instead, as a cancellation does, and Slurm
        would count a job that ends by it as done.
        """
        from submitit import JobEnvironment  # noqa: PLC0415 - for this launcher alone

        requeue = signal.getsignal(signal.SIGUSR2)  # submitit's
        asked: list[int] = []

        def leave(number: int, _: object) -> None:
            asked.append(number)
            signal.raise_signal(signal.SIGTERM)  # which training hears where nothing is lost by it

        end_on_sigterm()
        signal.signal(signal.SIGUSR2, leave)
        try:
            return self.task.run(JobEnvironment().paths.stdout)
        except Terminated:
            if not callable(requeue) or not (asked or preempted(JobEnvironment().job_id)):
                raise
            requeue(signal.SIGUSR2, None)
            raise AssertionError("submitit ends the process") from None

    def checkpoint(self) -> object:
        """What submitit sends to Slurm again: the same job, which finds the checkpoint itself."""
        from submitit.helpers import DelayedSubmission  # noqa: PLC0415

        return DelayedSubmission(self)


@dataclass(slots=True, kw_only=True)
class _Sent:
    """A job that was sent. unknown: how often in a row Slurm did not know it; state: the last that Slurm said of it."""

    job: Any  # submitit's; Hydra looks at this file before annotations can be resolved
    unknown: int = 0
    state: str = ""


@dataclass(slots=True, kw_only=True)
class SlurmJobs:
    """Jobs in arrays. reasons: why some wait, as far as it was told; asked: when Slurm was."""

    about: str
    arrays: list[str]
    jobs: list[_Sent]
    reasons: set[str] = field(default_factory=set)
    asked: float = field(default_factory=time.monotonic)

    def ask(self) -> None:
        """Ask Slurm how they are, and tell why some wait."""
        if time.monotonic() - self.asked < ASK_EVERY:
            return
        self.asked = time.monotonic()
        try:
            lines = queued(self.arrays, "--array", "--states=all", "--format=%i|%T|%r")
        except ConfigError:  # a restart of Slurm's is no news of any job
            return
        states = {}
        for number, state, reason in (line.split("|", 2) for line in lines):
            states[number] = state
            if state == "PENDING" and reason not in {*USUAL, *self.reasons}:
                self.reasons.add(reason)
                complain(f"Slurm lets jobs wait: {reason}; Ctrl-C cancels them")
        for one in self.jobs:
            one.state = states.get(one.job.job_id, one.state)
            alive = one.job.job_id in states and one.state in ALIVE
            one.unknown = 0 if alive else one.unknown + 1

    def ended(self, place: int) -> Ended | None:
        """By the job's result, or as Slurm knows no more of it."""
        one = self.jobs[place]
        if one.job.paths.result_pickle.exists():
            outcome, found = one.job._get_outcome_and_result()
            if outcome == "success":
                return Ended(result=found)
            return Ended(result=failed(f"{str(found).strip().splitlines()[-1]}; see {one.job.paths.stderr}"))
        if one.unknown >= GONE:
            how = f"Slurm ended its job {one.job.job_id} ({one.state.lower() or 'and knows no more of it'})"
            reason = f"{how}; see {one.job.paths.stderr}"
            return Ended(result=failed(reason), lost=reason)
        return None

    def cancel(self) -> None:
        """Have Slurm end them as SIGTERM ends a run."""
        _cancel(self.arrays, PATIENCE)
