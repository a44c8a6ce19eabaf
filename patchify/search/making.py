"""One trial, made in a process of its own: drawn, trained like any run, watched, and told about."""

from dataclasses import dataclass

from patchify.config.door import ConfigError
from patchify.config.identity import label, run_key
from patchify.core.training.records import Record
from patchify.core.training.update import Diverged
from patchify.data.prepare import prepare
from patchify.data.source import DataError
from patchify.display.events import Event, judged
from patchify.interrupts import Pruned
from patchify.journal.journal import DamagedJournal
from patchify.run import train
from patchify.search.place import Place
from patchify.search.trials import Taken, Trials
from patchify.store import StoreError
from patchify.workers.forking import Send

SPOILT = (ConfigError, DamagedJournal, Diverged)
"""What fails one trial."""
BROKEN = (DataError, OSError, StoreError)
"""What would fail all of them, as a full disk does: the search ends, and the trial is left to be gone on with."""


@dataclass(slots=True, kw_only=True)
class Begun:
    """A trial was drawn. key: of its run."""

    number: int
    key: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How a trial ended. state: "done", "pruned", "failed", or "broken" where the search can't go on; reason: why."""

    state: str
    reason: str = ""


def make(place: Place, total: int, send: Send) -> Outcome | None:
    """Make the next trial, and send what happens in it; None where all `total` are made, or made by others."""
    trials = Trials(place.search, place.folder)
    with trials.take(total) as taken:
        if taken is None:
            return None
        try:
            trials.tell(taken, _trained(place, taken, send))
        except Pruned as end:
            trials.tell_pruned(taken)
            return Outcome(state="pruned", reason=str(end))
        except SPOILT as error:
            reason = f"{type(error).__name__}: {error}"
        except BROKEN as error:
            return Outcome(state="broken", reason=str(error))
        else:
            return Outcome(state="done")
    trials.fail(taken.number, reason)
    return Outcome(state="failed", reason=reason)


def _trained(place: Place, taken: Taken, send: Send) -> float:
    """Validation accuracy of the trial's run. Raises what `train` raises, and Pruned."""
    composed = place.search.composed(taken.settings)
    run = composed.run
    key = run_key(run, prepare(run.data, run.dtype.value).digest)
    send(Begun(number=taken.number, key=key))
    taken.note(run_key=key)
    total = run.schedule.total
    name = label(composed.choices, [f"{key}={value}" for key, value in taken.settings.items()])

    def watch(event: Event) -> None:
        send(event)
        if isinstance(event, Record) and event.evaluations:
            _, result = judged(event)
            pruning = place.search.pruning and event.step > 0
            hopeless = pruning and taken.hopeless(result.accuracy, event.step, total)
            if hopeless or event.step == total:
                taken.note(updates=event.step, seconds=round(event.seconds, 1))
            if hopeless:
                raise Pruned(event.step)

    return train(run, name, composed.yaml, parent=place.key, watch=watch)
