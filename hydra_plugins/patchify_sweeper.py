"""Hydra's grid sweeper, but all jobs are checked before the first runs, and a sweep has a parent run."""

from collections.abc import Sequence
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import open_dict

from patchify.config.door import ConfigError, to_run
from patchify.config.schema import Run
from patchify.sweep import finish, sweep
from patchify.tracking import StoreError


class PatchifySweeper(BasicSweeper):
    """The jobs are the grid of `hydra.sweeper.params` and the command line, which wins."""

    def sweep(self, arguments: list[str]) -> Sequence[JobReturn]:
        """Run all jobs. Raises ConfigError before any of them if one can't be run, SweepFailed after them."""
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides([*self._parse_config(), *arguments])
        for override in overrides:
            if override.key_or_group == "experiment" and override.is_sweep_override():
                remedy = "each has a sweep of its own; run one at a time"
                raise ConfigError(f"{override.input_line} must name one study: {remedy}")
        (jobs,) = self.split_arguments(overrides, max_batch_size=None)
        runs = [self._checked(job) for job in jobs]
        with sweep(runs):
            with open_dict(self.config):
                self.config.hydra.sweep.dir = str(_new_folder(Path(self.config.hydra.sweep.dir)))
            results: Sequence[JobReturn] = self.launcher.launch(jobs, initial_job_idx=0)
            finish(sum(result.status is not JobStatus.COMPLETED for result in results), len(jobs))
        return results

    def _checked(self, overrides: Sequence[str]) -> Run:
        config = self.hydra_context.config_loader.load_sweep_config(self.config, list(overrides))
        with open_dict(config):
            del config["hydra"]
        try:
            return to_run(config)
        except ConfigError as error:
            raise ConfigError(f"{error} (in the job {' '.join(overrides)})") from error


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
