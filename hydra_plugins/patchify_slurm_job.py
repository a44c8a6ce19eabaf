"""A job of our launcher for Slurm, as the node runs it."""

import copy
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hydra import version
from hydra.core.utils import JobReturn, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig

from hydra_plugins.patchify_launcher import run_composed
from patchify.display.messages import Messages
from patchify.interrupts import Terminated, end_on_sigterm


@dataclass(slots=True, kw_only=True)
class OnNode:
    """What a node is told of a job; called there, and again when the job was requeued.

    environment: variables that the job has of us; behaviour: Hydra's version base; messages: file for the run's events
    """

    context: HydraContext
    task: Callable[..., object]
    config: DictConfig
    number: int
    environment: Mapping[str, str]
    behaviour: str
    messages: Path

    def __call__(self) -> JobReturn:
        """Run the job; Slurm's signal has it leave a checkpoint and be queued again."""
        from submitit import JobEnvironment  # noqa: PLC0415 - for this launcher alone

        log = JobEnvironment().paths.stdout
        os.environ.update(self.environment, PATCHIFY_LOG=str(log))
        setup_globals()
        version.setbase(self.behaviour)  # of Hydra's main, which does not run there: jobs stay in this folder
        requeue = signal.getsignal(signal.SIGUSR2)  # submitit's
        asked: list[int] = []

        def leave(number: int, _: object) -> None:
            asked.append(number)
            signal.raise_signal(signal.SIGTERM)  # which training hears where nothing is lost by it

        end_on_sigterm()
        signal.signal(signal.SIGUSR2, leave)
        try:
            with Messages(self.messages) as messages:
                config = copy.deepcopy(self.config)  # Hydra changes and locks it, and it is sent once more
                return run_composed(self.context, self.task, config, self.number, messages.send)
        except Terminated:
            if not asked or not callable(requeue):
                raise
            requeue(signal.SIGUSR2, None)
            raise AssertionError("submitit ends the process") from None

    def checkpoint(self) -> object:
        """What submitit sends to Slurm again: the same job, which finds the checkpoint itself."""
        from submitit.helpers import DelayedSubmission  # noqa: PLC0415

        return DelayedSubmission(self)


def environment(*, local: bool) -> Mapping[str, str]:
    """What of our environment a job needs, wherever Slurm's settings would not pass it on. local: the store is."""
    from patchify.journal.folder import JOURNAL_ONLY  # noqa: PLC0415
    from patchify.tracking.facts import note_commit  # noqa: PLC0415

    note_commit()
    ours = {name: value for name, value in os.environ.items() if name.startswith("PATCHIFY_")}
    return {**ours, **({JOURNAL_ONLY: "1"} if local else {})}
