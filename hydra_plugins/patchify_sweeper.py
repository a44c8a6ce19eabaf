"""Hydra's grid sweeper, but all jobs are checked before the first runs, and a sweep has a parent run."""

import copy
import shlex
from collections.abc import Sequence
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, open_dict

from hydra_plugins.patchify_local_launcher import LocalLauncher
from patchify.config.door import ConfigError, check_choices, to_run
from patchify.config.schema import Run
from patchify.display import say
from patchify.sweep import SweepFailed, sweep
from patchify.tracking import StoreError

SHARED = ("experiment", "study", "tracking", "tracking.uri", "tracking.folder")


class PatchifySweeper(BasicSweeper):
    """The jobs are the grid of `hydra.sweeper.params` and the command line, which wins."""

    def sweep(self, arguments: list[str]) -> Sequence[JobReturn]:
        """Run all jobs. Raises ConfigError before any of them if one can't be run, SweepFailed after them."""
        assert self.config is not None
        assert self.launcher is not None
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
        self.swept = any(override.is_sweep_override() for override in overrides)
        (jobs,) = self.split_arguments(overrides, max_batch_size=None)
        configs = [self.hydra_context.config_loader.load_sweep_config(self.config, job) for job in jobs]
        runs = [self._checked(config, job) for config, job in zip(configs, jobs, strict=True)]
        if isinstance(self.launcher, LocalLauncher):
            self.launcher.accept(configs, runs)
        with sweep(runs):
            folder = _new_folder(Path(self.config.hydra.sweep.dir))
            with open_dict(self.config):
                self.config.hydra.sweep.dir = str(folder)
                self.config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{folder}'")  # what jobs are composed from
            for config in configs:
                config.hydra.sweep.dir = str(folder)
            results: Sequence[JobReturn] = self.launcher.launch(jobs, initial_job_idx=0)
            failed = sum(result.status is not JobStatus.COMPLETED for result in results)
            if failed:
                raise SweepFailed(f"{failed} of {len(jobs)} runs failed")
        say(f"tables and charts of all runs of this study: patchify-summarize {shlex.quote(runs[0].study)}")
        return results

    def _checked(self, composed: DictConfig, overrides: Sequence[str]) -> Run:
        choices = composed.hydra.runtime.choices
        config = copy.deepcopy(composed)
        with open_dict(config):
            del config["hydra"]
        try:
            run = to_run(config)
            check_choices(choices)
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
