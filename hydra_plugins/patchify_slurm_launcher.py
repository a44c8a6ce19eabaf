"""Our launcher for Slurm: an array of jobs, a run each, sent by submitit and watched until all have ended.

Jobs are composed here and sent as they are. A job that Slurm asks to end, since its time is over or others are more
urgent, leaves a checkpoint, and goes on from it once Slurm starts it again. With a local store, jobs only write their
journals, and this process sends these: SQLite is no database for several machines.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.utils import JobReturn, JobStatus, configure_log, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from hydra_plugins.patchify_launcher import JobsLauncher
from hydra_plugins.patchify_slurm_commands import ALIVE, USUAL, ask, cancel
from hydra_plugins.patchify_slurm_job import OnNode, environment
from patchify.config.door import ConfigError
from patchify.config.schema import Run
from patchify.display import complain, say
from patchify.display.messages import Reader
from patchify.journal.journal import DamagedJournal
from patchify.store import StoreError
from patchify.store.address import public

if TYPE_CHECKING:
    from patchify.display.sweep import SweepDisplay

LOOK_EVERY = 1.0
"""Seconds between two looks at what jobs have written."""
ASK_EVERY = 10.0
"""Seconds between two questions to Slurm, which has others to answer."""
GONE = 3
"""Questions in a row in which Slurm knows nothing of a job without a result, until it counts as lost: folders shared
by machines show a file late."""
PATIENCE = 60.0
"""Seconds that cancelled jobs have to write down what they have."""


@dataclass(slots=True, kw_only=True)
class _Sent:
    """A job that was sent. unknown: how often in a row Slurm did not know it; state: the last that Slurm said of it."""

    number: int
    job: Any  # submitit's; Hydra looks at this file before annotations can be resolved
    messages: Reader
    unknown: int = 0
    state: str = ""


class SlurmLauncher(JobsLauncher):
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
        self.parallelism, self.timeouts = parallelism, timeouts
        self.partition = of_cluster["partition"]
        self.reasons: set[str] = set()
        self.parameters = {
            "timeout_min": timeout_min,
            "mem_gb": mem_gb,
            "slurm_signal_delay_s": signal_s,
            "slurm_array_parallelism": parallelism,
            "slurm_setup": list(setup),
            "slurm_additional_parameters": OmegaConf.to_container(options),
            **{f"slurm_{name}": value for name, value in of_cluster.items() if value is not None},
        }

    def check(self, runs: Sequence[Run]) -> None:  # noqa: ARG002 - what a run needs, the cluster knows
        """Raise ConfigError where there is no Slurm, no submitit, or no such partition."""
        try:
            import submitit  # noqa: F401, PLC0415 - not needed but for this launcher
        except ImportError:
            raise ConfigError("hydra/launcher=slurm must have submitit: install it with pip install submitit") from None
        partitions = ask("sinfo", "--noheader", "--format=%R").split()
        if self.partition and not set(self.partition.split(",")) <= set(partitions):
            there_are = ", ".join(sorted(set(partitions)))
            raise ConfigError(f"hydra.launcher.partition must be one of {there_are}: got {self.partition}; change it")

    def workers_for(self, runs: Sequence[Run]) -> int:
        """As many as may run at a time; the cluster decides how many do."""
        return min(len(runs), self.parallelism)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Send all jobs, and wait for them; their results in their order. Ctrl-C cancels those that have not ended."""
        from patchify.display.sweep import SweepDisplay  # noqa: PLC0415 - rich takes a tenth of a second to import

        self._require_our_sweeper(len(job_overrides))
        setup_globals()
        sent = self._send(initial_job_idx)
        array = sent[0].job.job_id.partition("_")[0]
        say(f"Slurm has them as job {array}: squeue -j {array}; logs in {self._folder()}")
        results = [JobReturn(status=JobStatus.FAILED) for _ in sent]
        try:
            with SweepDisplay([run.schedule.total for run in self.runs]) as display:
                self._watch(sent, results, display)
        except KeyboardInterrupt:
            self._cancel(array, sent)
            raise
        finally:
            configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        return results

    def _folder(self) -> Path:
        return Path(self.config.hydra.sweep.dir).absolute() / "slurm"

    def _send(self, first: int) -> list[_Sent]:
        from submitit import AutoExecutor  # noqa: PLC0415
        from submitit.core.utils import FailedJobError  # noqa: PLC0415

        executor = AutoExecutor(self._folder(), cluster="slurm", slurm_max_num_timeout=self.timeouts)
        threads = max(run.threads for run in self.runs)
        executor.update_parameters(name=f"patchify {self.runs[0].study}", cpus_per_task=threads, **self.parameters)
        tasks = []
        for number, config in enumerate(self.configs, first):
            with open_dict(config):
                if config.tracking.uri:  # its password must not be in a file; the environment has it
                    os.environ["MLFLOW_TRACKING_URI"] = config.tracking.uri
                    config.tracking.uri = public(config.tracking.uri)
                    config.hydra.overrides.task = [public(word) for word in config.hydra.overrides.task]
                    config.hydra.job.override_dirname = ""
            tasks.append(
                OnNode(
                    context=HydraContext(ConfigLoaderImpl(ConfigSearchPathImpl()), self.hydra_context.callbacks),
                    task=self.task_function,
                    config=config,
                    number=number,
                    behaviour=str(version.getbase()),
                    environment=environment(local=self.folders[number - first].local),
                    messages=self._folder() / f"{number}.messages",
                )
            )
        try:
            jobs = executor.submit_array(tasks)
        except FailedJobError as error:
            raise ConfigError(f"Slurm must take the jobs: {' '.join(str(error).split())}") from error
        return [
            _Sent(number=number, job=job, messages=Reader(task.messages))
            for number, (job, task) in enumerate(zip(jobs, tasks, strict=True))
        ]

    def _watch(self, sent: Sequence[_Sent], results: list[JobReturn], display: "SweepDisplay") -> None:
        """Show what jobs tell, send what they have written, and take their results, until all have ended."""
        left = list(sent)
        asked = time.monotonic()
        while left:
            time.sleep(LOOK_EVERY)
            if time.monotonic() - asked >= ASK_EVERY:
                asked = time.monotonic()
                self._ask_after(left)
            for one in list(left):
                ended = self._result(one)  # first: what a job has told before its result is there already
                for event in one.messages.new():
                    display.show(one.number, event)
                self._deliver(one.number)
                if ended:
                    results[one.number] = ended
                    self._end(one, ended, display)
                    left.remove(one)

    def _result(self, one: _Sent) -> JobReturn | None:
        """The result of a job; a failed one where it is lost; None while it goes on."""
        if one.job.paths.result_pickle.exists():
            outcome, found = one.job._get_outcome_and_result()
            if outcome == "success":
                assert isinstance(found, JobReturn)
                return found
            return _failed(f"{str(found).strip().splitlines()[-1]}; see {one.job.paths.stderr}")
        if one.unknown >= GONE:
            how = f"Slurm ended its job {one.job.job_id} ({one.state.lower() or 'and knows no more of it'})"
            return _failed(f"{how}; see {one.job.paths.stderr}")
        return None

    def _ask_after(self, left: Sequence[_Sent]) -> None:
        array = left[0].job.job_id.partition("_")[0]
        try:
            lines = ask("squeue", "--noheader", "--array", "--states=all", f"--jobs={array}", "--format=%i|%T|%r")
        except ConfigError:  # a restart of Slurm's is no news of any job
            return
        states = {}
        for number, state, reason in (line.split("|", 2) for line in lines.splitlines()):
            states[number] = state
            if state == "PENDING" and reason not in {*USUAL, *self.reasons}:
                self.reasons.add(reason)
                complain(f"Slurm lets jobs wait: {reason}; Ctrl-C cancels them")
        for one in left:
            one.state = states.get(one.job.job_id, one.state)
            alive = one.job.job_id in states and one.state in ALIVE
            one.unknown = 0 if alive else one.unknown + 1

    def _deliver(self, number: int) -> None:
        """Send what a job without a way to the store has written."""
        from patchify.journal.sent import pending  # noqa: PLC0415
        from patchify.tracking.delivery import deliver  # noqa: PLC0415 - MLflow takes seconds to import

        folder, tracking = self.folders[number], Path(self.runs[number].tracking.folder)
        try:
            if folder.journal.exists() and folder.local and pending(folder):
                deliver(folder, tracking)
        except (StoreError, DamagedJournal) as error:  # it waits, and patchify-sync says so
            complain(str(error))

    def _end(self, one: _Sent, result: JobReturn, display: "SweepDisplay") -> None:
        from patchify.tracking.run import end_for  # noqa: PLC0415

        failed = result.status is not JobStatus.COMPLETED
        reason = str(result._return_value) if one.unknown >= GONE else ""
        display.end(one.number, failed=failed, reason=reason)
        if reason:
            try:
                end_for(self.folders[one.number], Path(self.runs[one.number].tracking.folder), reason)
            except (DamagedJournal, OSError, StoreError) as error:  # the other runs go on
                complain(str(error))

    def _cancel(self, array: str, sent: Sequence[_Sent]) -> None:
        """Have Slurm end the jobs as SIGTERM ends a run, and send what they have written."""
        cancel(array)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and ask("squeue", "--noheader", f"--jobs={array}", "--format=%i"):
            time.sleep(LOOK_EVERY)
        for one in sent:
            self._deliver(one.number)


def _failed(reason: str) -> JobReturn:
    result = JobReturn(status=JobStatus.FAILED)
    result.return_value = RuntimeError(reason)
    return result
