"""Our launcher for Hydra: jobs run in forked processes, one a core, which share what this one has loaded."""

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn, JobStatus, configure_log, setup_globals

from hydra_plugins._patchify_launcher import JobsLauncher, run_composed
from patchify.config.door import ConfigError
from patchify.config.schema import Run
from patchify.display import complain, relay, say
from patchify.journal.journal import DamagedJournal
from patchify.store import StoreError
from patchify.workers.forking import FORKS, Died, Ended, Printed, cores, forked

if TYPE_CHECKING:
    from patchify.display.sweep import SweepDisplay

Job = partial[JobReturn]
"""Called with what watches it."""


class LocalLauncher(JobsLauncher):
    """Runs as many jobs at a time as there is room for, or `workers`; a single job, or worker, in this process."""

    def __init__(self, workers: int | None = None) -> None:
        super().__init__()
        self.workers = workers

    def check(self, runs: Sequence[Run]) -> None:
        """Raise ConfigError for a number of workers that can't be, and for more threads than cores."""
        if self.workers is not None and (not isinstance(self.workers, int) or self.workers < 1):
            raise ConfigError(f"hydra.launcher.workers must be at least 1: got {self.workers}; null uses all cores")
        threads = max(run.threads for run in runs)
        if threads > cores():
            raise ConfigError(f"threads must be at most {cores()}, the cores there are: got {threads}; lower it")

    def workers_for(self, runs: Sequence[Run]) -> int:
        """How many of these runs go on at a time."""
        room = self.workers or cores() // max(run.threads for run in runs)
        return min(len(runs), room) if FORKS else 1

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run all jobs; their results in their order."""
        self._require_our_sweeper(len(job_overrides))
        setup_globals()
        jobs: list[Job] = [
            partial(run_composed, self.hydra_context, self.task_function, config, initial_job_idx + i)
            for i, config in enumerate(self.configs)
        ]
        results = [jobs[0](None)] if len(jobs) == 1 else self._run_all(jobs)
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        return results

    def _run_all(self, jobs: Sequence[Job]) -> list[JobReturn]:
        from patchify.display.sweep import SweepDisplay  # noqa: PLC0415 - rich takes a tenth of a second to import

        workers = self.workers_for(self.runs)
        if not FORKS and self.workers != 1:
            say("one run after the other, since processes can't be forked safely here")
        with SweepDisplay([run.schedule.total for run in self.runs]) as display:
            return _in_turn(jobs, display) if workers == 1 else self._forked(jobs, workers, display)

    def _forked(self, jobs: Sequence[Job], workers: int, display: "SweepDisplay") -> list[JobReturn]:
        from patchify.store.opening import disconnect  # noqa: PLC0415
        from patchify.tracking.run import end_for  # noqa: PLC0415 - MLflow takes seconds to import

        results = [JobReturn(status=JobStatus.FAILED) for _ in jobs]
        with closing(forked(jobs, workers, before_fork=disconnect)) as events:
            for number, event in events:
                match event:
                    case Printed():
                        relay(event.line, error=event.error)
                    case Ended():
                        results[number] = event.result
                        display.end(number, failed=event.result.status is not JobStatus.COMPLETED)
                    case Died():
                        display.end(number, failed=True, reason=event.reason)
                        results[number].return_value = RuntimeError(event.reason)
                        try:
                            end_for(self.folders[number], Path(self.runs[number].tracking.folder), event.reason)
                        except (DamagedJournal, OSError, StoreError) as error:  # the other runs go on
                            complain(str(error))
                    case _:
                        display.show(number, event)
        return results


def _in_turn(jobs: Sequence[Job], display: "SweepDisplay") -> list[JobReturn]:
    results = []
    for number, job in enumerate(jobs):
        results.append(job(partial(display.show, number)))
        display.end(number, failed=results[-1].status is not JobStatus.COMPLETED)
    return results
