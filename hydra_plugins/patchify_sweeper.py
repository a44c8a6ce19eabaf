"""Hydra's grid sweeper, but all jobs are checked before the first runs, and those that are done are left out."""

import copy
import shlex
from collections.abc import Sequence
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, open_dict

from hydra_plugins._patchify_composing import compose_all
from hydra_plugins._patchify_launcher import JobsLauncher
from patchify.config.catalog import tracking_folder
from patchify.config.door import ConfigError, check_choices, to_run
from patchify.config.identity import label
from patchify.config.schema import Run
from patchify.display import say
from patchify.display.failures import Failure, show_failures
from patchify.journal.folder import RunFolder
from patchify.store import StoreError
from patchify.store.address import public
from patchify.sweep.loading import warm_up
from patchify.sweep.place import SweepFailed

SHARED = ("experiment", "study", "tracking", "tracking.uri", "tracking.folder", "plan", "rerun")

MANY = 50
"""Jobs that take so long to compose, a tenth of a second each, that a line says so."""


class PatchifySweeper(BasicSweeper):
    """The jobs are the grid of `hydra.sweeper.params` and the command line, which wins."""

    def sweep(self, arguments: list[str]) -> Sequence[JobReturn]:
        """Run all jobs. Raises ConfigError before any of them if one can't be run, SweepFailed after them."""
        assert self.config is not None
        assert self.launcher is not None
        assert self.hydra_context is not None
        overrides = self._overrides(arguments)
        self.swept = any(override.is_sweep_override() for override in overrides)
        (jobs,) = self.split_arguments(overrides, max_batch_size=None)
        if len(jobs) > MANY:
            say(f"composing {len(jobs)} jobs")
        configs = compose_all(self.hydra_context.config_loader, self.config, jobs)
        runs = [self._checked(config, job) for config, job in zip(configs, jobs, strict=True)]
        if isinstance(self.launcher, JobsLauncher):
            self.launcher.check(runs)
        if runs[0].plan:
            self._plan(jobs, runs)
            return []
        titles = [
            f"{label(config.hydra.runtime.choices, job)} · seed {run.seed}"
            for config, job, run in zip(configs, jobs, runs, strict=True)
        ]
        store = runs[0].tracking.uri or runs[0].tracking.folder
        where = "" if store == tracking_folder() else f" --uri {shlex.quote(public(store))}"
        run_keys = warm_up(runs)

        from patchify.sweep.tracked import sweep  # noqa: PLC0415 - MLflow takes seconds to import

        results = [JobReturn(status=JobStatus.COMPLETED) for _ in runs]
        with sweep(runs, run_keys, titles) as state:
            for number, accuracy in state.done.items():
                results[number].return_value = accuracy
            folder, new = self._launch([(jobs[n], configs[n], runs[n], state.folders[n]) for n in state.missing])
            failures = []
            for position, (number, result) in enumerate(zip(state.missing, new, strict=True)):
                results[number] = result
                if result.status is not JobStatus.COMPLETED:
                    log = folder / str(position) / "patchify.log"
                    reason = str(result._return_value)
                    failures.append(Failure(name=titles[number], step=state.step(number), reason=reason, log=log))
            if failures:
                show_failures(failures)
                raise SweepFailed(
                    f"{len(failures)} of {len(jobs)} runs failed; the same command again tries them again"
                )
        say(f"tables and charts of all runs of this study: patchify-summarize {shlex.quote(runs[0].study)}{where}")
        return results

    def _overrides(self, arguments: list[str]) -> list[Override]:
        """What the study and the command line ask for. Raises ConfigError for what jobs can't differ in."""
        assert self.config is not None
        assert self.hydra_context is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides([*self._parse_config(), *arguments])
        keys = {override.key_or_group for override in overrides}
        if "tracking.folder" in keys and "tracking.uri" not in keys:  # the command line beats MLFLOW_TRACKING_URI
            overrides += parser.parse_overrides(["tracking.uri=null"])
        if self.config.hydra.job.chdir:
            raise ConfigError("hydra.job.chdir must be false: got true; runs find their store from where they started")
        for override in overrides:
            if override.key_or_group in SHARED and override.is_sweep_override():
                rule = "must have one value, which the jobs of a sweep share"
                raise ConfigError(f"{override.input_line} {rule}: got several; start one sweep for each")
        return overrides

    def _plan(self, jobs: Sequence[Sequence[str]], runs: Sequence[Run]) -> None:
        """Say what there is to do, without doing or leaving anything."""
        from patchify.display.plan import show_plan  # noqa: PLC0415 - rich takes a tenth of a second to import
        from patchify.sweep.plan import plan  # noqa: PLC0415 - likewise

        workers = self.launcher.workers_for(runs) if isinstance(self.launcher, JobsLauncher) else 1
        planned = plan(runs, jobs)
        states = ["new"] * len(runs)
        if Path(runs[0].tracking.folder).exists() or runs[0].tracking.uri:
            from patchify.sweep.tracked import states_of  # noqa: PLC0415 - MLflow takes seconds to import

            states = states_of(runs[0], [job.key for job in planned])
        show_plan(planned, states, workers)

    def _launch(self, jobs: Sequence[tuple[list[str], DictConfig, Run, RunFolder]]) -> tuple[Path, Sequence[JobReturn]]:
        """Run jobs, if there are any: their overrides, configs, runs, folders. The folder of logs, and the results."""
        assert self.config is not None
        assert self.launcher is not None
        folder = Path(self.config.hydra.sweep.dir)
        if not jobs:
            return folder, []
        overrides, configs, runs, folders = zip(*jobs, strict=True)
        folder = _new_folder(folder)
        with open_dict(self.config):
            self.config.hydra.sweep.dir = str(folder)
            self.config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{folder}'")  # what jobs are composed from
        for config in configs:
            config.hydra.sweep.dir = str(folder)
        if isinstance(self.launcher, JobsLauncher):
            self.launcher.accept(configs, runs, folders)
        return folder, self.launcher.launch(overrides, initial_job_idx=0)

    def _checked(self, composed: DictConfig, overrides: Sequence[str]) -> Run:
        choices = composed.hydra.runtime.choices
        config = copy.deepcopy(composed)
        with open_dict(config):
            del config["hydra"]
        try:
            check_choices(choices, overrides)
            run = to_run(config)
        except ConfigError as error:
            job = f" (in the job {' '.join(overrides)})" if self.swept else ""
            raise ConfigError(f"{error}{job}") from error
        return run


def _new_folder(wanted: Path) -> Path:
    """A folder that no other sweep has, also when two begin in the same second."""
    attempt, number = wanted, 1
    while True:
        try:
            attempt.mkdir(parents=True)
        except FileExistsError:
            number += 1
            attempt = wanted.with_name(f"{wanted.name}-{number}")
        except OSError as error:
            raise StoreError(f"{wanted} can't be made: {error.strerror}; choose another tracking.folder") from error
        else:
            return attempt
