"""The command `patchify`: one run, or a sweep of them, from a Hydra command line to the tracking store."""

import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from patchify.config.catalog import register_resolvers
from patchify.config.composing import as_yaml, register_schemas
from patchify.config.door import ConfigError, check_words, explain, to_run
from patchify.config.identity import label
from patchify.config.names import CONF
from patchify.config.plain import NoYaml
from patchify.core.training.update import Diverged
from patchify.data.source import DataError
from patchify.display import complain, show_warnings_plainly
from patchify.display.events import Watch
from patchify.interrupts import Terminated, end_on_sigterm
from patchify.journal.journal import DamagedJournal
from patchify.store import StoreError
from patchify.sweep.place import Place, SweepFailed
from patchify.tracking.facts import note_command

log = logging.getLogger(__name__)

FULL_ERROR = "HYDRA_FULL_ERROR"
REFUSED = (ConfigError, HydraException, OmegaConfBaseException, ValueError, NoYaml)
"""Settings that can't be run. Hydra raises ValueError for odd command lines; jobs keep theirs to themselves."""
FAILED = (DamagedJournal, DataError, OSError, StoreError, SweepFailed)


def main() -> None:
    """Run the command line. Exit status 2: settings refused; 1: a run failed; 130: interrupted; 143: SIGTERM."""
    end_on_sigterm()
    register_schemas()
    register_resolvers()
    show_warnings_plainly()
    note_command("patchify", sys.argv[1:])
    sys.argv[1:] = sorted(sys.argv[1:], key=_is_override)  # Hydra's parser refuses an option between two overrides
    want_traceback = os.environ.get(FULL_ERROR) == "1"
    command = hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)
    try:
        check_words(sys.argv[1:])
        _check_folder(sys.argv[1:])
        with _errors_raised():
            command()
    except KeyboardInterrupt as end:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the exit status stays that of the first Ctrl-C
        complain("interrupted; runs that had begun are marked KILLED, and the same command again goes on with them")
        sys.exit(143 if isinstance(end, Terminated) else 130)
    except (*REFUSED, *FAILED) as error:
        if want_traceback:
            raise
        complain(explain(error))
        sys.exit(2 if isinstance(error, REFUSED) else 1)


def _check_folder(words: Sequence[str]) -> None:
    """Raise ConfigError for a folder of configs that is not there: Hydra would only miss what is in it."""
    for option, following in pairwise([*words, ""]):
        name, _, value = option.partition("=")
        if name in {"--config-dir", "-cd"} and not Path(value or following).is_dir():
            raise ConfigError(f"--config-dir must be a folder: there is no {value or following}; check its path")


def _is_override(word: str) -> bool:
    return word.startswith("~") or ("=" in word and not word.startswith("-"))


@contextmanager
def _errors_raised() -> Iterator[None]:
    """Have Hydra raise its errors, for us to explain, instead of printing them in its own way."""
    before = os.environ.get(FULL_ERROR)
    os.environ[FULL_ERROR] = "1"
    try:
        yield
    finally:
        os.environ.pop(FULL_ERROR)
        if before is not None:
            os.environ[FULL_ERROR] = before


def job(config: DictConfig, watch: Watch | None = None) -> float:
    """One job of a sweep, in whichever process Hydra's launcher runs it; returns the final test accuracy.

    watch: called with each event of the run; None, as most launchers have it: the run has a display of its own.
    Says why it failed, since Hydra keeps the errors of jobs to itself.
    """
    composed, place = HydraConfig.get(), Place.here()
    position = f"[{composed.job.num + 1}/{place.jobs}] " if place.jobs > 1 else ""
    name = "the run"
    try:
        from patchify.display.run import RunDisplay  # noqa: PLC0415
        from patchify.run import train  # noqa: PLC0415 - MLflow and Matplotlib take seconds to import

        if composed.mode is not RunMode.MULTIRUN:  # it would go past the sweeper, which checks first
            raise ConfigError("hydra.mode must be MULTIRUN: got RUN; leave it out, since one run is a sweep of one")
        name = label(composed.runtime.choices, composed.overrides.task)
        with RunDisplay(position) as display:
            return train(
                to_run(config),
                name,
                as_yaml(config),
                parent=place.parent,
                shared=place.shared,
                watch=watch or display.show,
            )
    except (Diverged, *FAILED, ConfigError) as error:
        log.error("%s%s, seed %s, failed: %s", position, name, config.seed, error)  # noqa: TRY400 - the message says all
        raise
    except Exception:
        log.exception("%s%s, seed %s, failed", position, name, config.seed)
        raise
