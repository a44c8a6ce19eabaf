"""What our launchers share: they take jobs that are composed and checked, and tell how many run at a time."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

from hydra.core.utils import JobReturn, JobStatus, run_job
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from patchify.config.door import ConfigError
from patchify.config.schema import Run
from patchify.display.events import Watch
from patchify.journal.folder import RunFolder


class JobsLauncher(Launcher):
    """Runs jobs as our sweeper gives them: composed configs, which no later change of a YAML file alters."""

    def __init__(self) -> None:
        self.configs: Sequence[DictConfig] = ()
        self.runs: Sequence[Run] = ()
        self.folders: Sequence[RunFolder] = ()

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives."""
        self.hydra_context, self.config = hydra_context, config
        self.task_function: Callable[..., object] = task_function

    @abstractmethod
    def check(self, runs: Sequence[Run]) -> None:
        """Raise ConfigError for runs that can't be run here."""

    @abstractmethod
    def workers_for(self, runs: Sequence[Run]) -> int:
        """How many of these runs go on at a time."""

    def accept(self, configs: Sequence[DictConfig], runs: Sequence[Run], folders: Sequence[RunFolder]) -> None:
        """Take the jobs in their order, composed and checked. folders: where their journals are."""
        self.configs, self.runs, self.folders = configs, runs, folders

    def _require_our_sweeper(self, jobs: int) -> None:
        if len(self.configs) != jobs:
            raise ConfigError("this launcher must have our sweeper: got another; choose hydra/launcher=basic")


def run_composed(
    context: HydraContext, task: Callable[..., object], config: DictConfig, number: int, watch: Watch | None
) -> JobReturn:
    """Run one job in this process; an exception in its result is one that can cross to another process."""
    with open_dict(config):
        config.hydra.job.id = config.hydra.job.num = number
    result = run_job(
        hydra_context=context,
        task_function=partial(task, watch=watch),
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    if result.status is JobStatus.FAILED:
        error = result._return_value
        result.return_value = RuntimeError(f"{type(error).__name__}: {error}")
    return result
