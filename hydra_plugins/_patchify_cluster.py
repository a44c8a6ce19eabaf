"""What our launchers for clusters share: jobs as nodes run them, watched from here until all have ended.

Jobs are composed here and sent as they are. They tell how they go in files of a folder that all nodes see. With a local
store, they only write their journals, and this process sends these: SQLite is no database for several machines.
"""

import copy
import os
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.utils import JobReturn, JobStatus, configure_log, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict

from hydra_plugins._patchify_launcher import JobsLauncher, run_composed
from patchify.display import complain, say
from patchify.display.messages import Messages, Reader
from patchify.interrupts import deferred
from patchify.journal.journal import DamagedJournal
from patchify.store import StoreError
from patchify.store.address import public

if TYPE_CHECKING:
    from patchify.display.sweep import SweepDisplay

LOOK_EVERY = 1.0
"""Seconds between two looks at what jobs have told."""
LOOKS = 500
"""Jobs looked at each time, in turn: others use a folder on a network as well."""
DELIVER_EVERY = 5.0
"""Seconds between two looks at what a job has for a local store, as a run's own sender has it."""


@dataclass(slots=True, kw_only=True)
class OnNode:
    """What a node is told of a job; it may be told twice.

    environment: variables that the job has of us; behaviour: Hydra's version base; messages: file for the run's events
    """

    context: HydraContext
    task: Callable[..., object]
    config: DictConfig
    number: int
    environment: Mapping[str, str]
    behaviour: str
    messages: Path

    def run(self, log: Path) -> JobReturn:
        """Run the job in this process; log: the file with what it prints."""
        os.environ.update(self.environment, PATCHIFY_LOG=str(log))
        setup_globals()
        version.setbase(self.behaviour)  # of Hydra's main, which does not run there: jobs stay in this folder
        with Messages(self.messages) as messages:
            config = copy.deepcopy(self.config)  # Hydra changes and locks it, and it may be sent once more
            return run_composed(self.context, self.task, config, self.number, messages.send)


@dataclass(slots=True, kw_only=True)
class Ended:
    """How a job ended; lost: why there is no result of it, if so, which its journal does not know either."""

    result: JobReturn
    lost: str = ""


class Jobs(Protocol):
    """Jobs that were sent. about: where they are, and how one can look at them."""

    about: str

    def ask(self) -> None:
        """Learn how they are, if it is time."""

    def ended(self, place: int) -> Ended | None:
        """How the job at this place ended, once it has."""

    def cancel(self) -> None:
        """Have all end, and wait for them to write down what they have."""


class ClusterLauncher(JobsLauncher):
    """Sends jobs to nodes, shows how they go, and has the store get what they write."""

    @abstractmethod
    def send(self, tasks: Sequence[OnNode]) -> Jobs:
        """Have the cluster run these. Raises ConfigError where it refuses them."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Send all jobs, and wait for them; their results in their order. Ctrl-C cancels those that have not ended."""
        from patchify.display.sweep import SweepDisplay  # noqa: PLC0415 - rich takes a tenth of a second to import

        self._require_our_sweeper(len(job_overrides))
        setup_globals()
        environment = _environment(local=self.folders[0].local)
        tasks = [self._task(initial_job_idx + place, place, environment) for place in range(len(self.configs))]
        jobs = self.send(tasks)
        say(jobs.about)
        results = [JobReturn(status=JobStatus.FAILED) for _ in tasks]
        try:
            with SweepDisplay([run.schedule.total for run in self.runs]) as display:
                self._watch(jobs, [Reader(task.messages) for task in tasks], results, display)
        except KeyboardInterrupt:
            say("cancelling the jobs that have not ended: they leave checkpoints")
            jobs.cancel()
            for place in range(len(tasks)):
                self._deliver(place)
            raise
        finally:
            configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
            self._say_what_waits()
        return results

    @property
    def folder(self) -> Path:
        """Where jobs and we leave word for each other."""
        return Path(self.config.hydra.sweep.dir).absolute() / "jobs"

    def _task(self, number: int, place: int, environment: Mapping[str, str]) -> OnNode:
        config = self.configs[place]
        with open_dict(config):
            if config.tracking.uri:  # its password must not be in a file; the environment has it
                os.environ["MLFLOW_TRACKING_URI"] = config.tracking.uri
                config.tracking.uri = public(config.tracking.uri)
                config.hydra.overrides.task = [public(word) for word in config.hydra.overrides.task]
                config.hydra.job.override_dirname = ""
        return OnNode(
            context=HydraContext(ConfigLoaderImpl(ConfigSearchPathImpl()), self.hydra_context.callbacks),
            task=self.task_function,
            config=config,
            number=number,
            behaviour=str(version.getbase()),
            environment=environment,
            messages=self.folder / f"{number}.messages",
        )

    def _watch(self, jobs: Jobs, readers: Sequence[Reader], results: list[JobReturn], display: "SweepDisplay") -> None:
        """Show what jobs tell, send what they have written, and take their results, until all have ended.

        Raises KeyboardInterrupt after a look, not in its midst: libraries swallow what is raised while they clean up.
        """
        left = dict.fromkeys(range(len(readers)), time.monotonic())
        with deferred() as wishes:
            while left and not wishes.end:
                time.sleep(LOOK_EVERY)
                jobs.ask()
                for place in list(left)[:LOOKS]:  # those that were not looked at for longest
                    if wishes.end:
                        break
                    delivered = left.pop(place)
                    ended = jobs.ended(place)  # first: what a job has told before its result is there already
                    for event in readers[place].new():
                        display.show(place, event)
                    if ended or time.monotonic() - delivered >= DELIVER_EVERY:
                        self._deliver(place)
                        delivered = time.monotonic()
                    if ended:
                        results[place] = ended.result
                        self._end(place, ended, display)
                    else:
                        left[place] = delivered

    def _deliver(self, place: int) -> None:
        """Send what a job without a way to the store has written."""
        from patchify.journal.sent import pending  # noqa: PLC0415
        from patchify.tracking.delivery import deliver  # noqa: PLC0415 - MLflow takes a second to import

        folder, tracking = self.folders[place], Path(self.runs[place].tracking.folder)
        try:
            if folder.journal.exists() and folder.local and pending(folder):
                deliver(folder, tracking)
        except (StoreError, DamagedJournal) as error:  # it waits, and patchify-sync says so
            complain(str(error))

    def _say_what_waits(self) -> None:
        """Tell of runs that the store does not have all of: jobs tell it, too, where nobody sees it."""
        from patchify.tracking.standing import sync_command, waits  # noqa: PLC0415

        waiting = sum(waits(folder) for folder in self.folders)
        if waiting:
            command = sync_command(self.runs[0].tracking.folder)
            complain(f"the store lacks parts of {waiting} of {len(self.folders)} runs: `{command}` sends them")

    def _end(self, place: int, ended: Ended, display: "SweepDisplay") -> None:
        from patchify.tracking.run import end_for  # noqa: PLC0415

        display.end(place, failed=ended.result.status is not JobStatus.COMPLETED, reason=ended.lost)
        if ended.lost:
            try:
                end_for(self.folders[place], Path(self.runs[place].tracking.folder), ended.lost)
            except (DamagedJournal, OSError, StoreError) as error:  # the other runs go on
                complain(str(error))


def failed(reason: str) -> JobReturn:
    """The result of a job that has none."""
    result = JobReturn(status=JobStatus.FAILED)
    result.return_value = RuntimeError(reason)
    return result


def _environment(*, local: bool) -> Mapping[str, str]:
    """What of our environment a job needs, wherever the cluster would not pass it on. local: the store is."""
    from patchify.journal.folder import JOURNAL_ONLY  # noqa: PLC0415
    from patchify.tracking.facts import note_commit  # noqa: PLC0415

    note_commit()
    ours = {name: value for name, value in os.environ.items() if name.startswith("PATCHIFY_")}
    return {**ours, **({JOURNAL_ONLY: "1"} if local else {})}
