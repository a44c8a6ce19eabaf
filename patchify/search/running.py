"""All trials of a search, a few at a time, below one parent run; what happens in them is shown as it happens."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from patchify.display import complain, relay, say
from patchify.display.search import SearchDisplay
from patchify.journal.journal import DamagedJournal
from patchify.search import SearchError
from patchify.search.making import Begun, Outcome, make
from patchify.search.place import Place
from patchify.search.trials import Result, Trials
from patchify.store import StoreError
from patchify.store.address import public
from patchify.store.opening import address_of, disconnect
from patchify.sweep.loading import warm_up
from patchify.sweep.tracked import reached
from patchify.tracking.dead import end_the_dead
from patchify.tracking.facts import facts
from patchify.tracking.run import TrackedRun, end_for
from patchify.tracking.standing import folder_for, store_name, sync_command
from patchify.workers.forking import FORKS, Died, Ended, Printed, cores, forked


def run_trials(place: Place, total: int, workers: int | None) -> None:
    """Make what is missing of `total` trials, `workers` at a time or as many as the cores have room for.

    Raises SearchError where no trial can go on; StoreError, DataError and DamagedJournal before the first.
    """
    first = place.first
    local = first.tracking.folder
    warm_up([first] * total)
    address = address_of(first.tracking.uri, local)
    reached(address, local)
    for name, _ in end_the_dead(Path(local)):
        say(f"{name}: its process is gone; marked KILLED")
    before = Trials(place.search, place.folder).results()
    over = [result for result in before if result.state != "unfinished"]
    ahead = f", {len(over)} of them made already" if over else ""
    say(f"search {place.name}: {total} trials{ahead}, tracked in {public(address)}")
    if len(over) >= total:
        return
    room = workers or max(1, cores() // first.threads)
    with _parent(place), _display(place, total, before) as display:
        making = _Making(place, display)
        tasks = [partial(make, place, total)] * (total - len(over))
        if FORKS:
            with closing(forked(tasks, room, before_fork=disconnect)) as events:
                for number, event in events:
                    making.hear(number, event)
        else:
            for number, task in enumerate(tasks):
                making.hear(number, Ended(result=task(partial(making.hear, number))))


class _Making:
    """What tasks tell: each makes one trial, whose number it learns when it begins."""

    def __init__(self, place: Place, display: SearchDisplay) -> None:
        self.place, self.display = place, display
        self.begun: dict[int, Begun] = {}

    def hear(self, task: int, event: Any) -> None:
        """Show an event. Raises SearchError where the other trials would fail alike."""
        match event:
            case Printed():
                relay(event.line, error=event.error)
            case Begun():
                self.begun[task] = event
            case Ended(result=Outcome(state="broken", reason=reason)):
                raise SearchError(f"{reason}; the same command again goes on")
            case Ended(result=Outcome() as outcome):
                self.display.conclude(self.begun[task].number, outcome.state, outcome.reason)
            case Ended():
                pass  # other processes had taken all that were left
            case Died() if task not in self.begun:
                raise SearchError(f"no trial can be begun: {event.reason}")
            case Died():
                self._bury(self.begun[task], event.reason)
            case _:
                self.display.show(self.begun[task].number, event)

    def _bury(self, trial: Begun, reason: str) -> None:
        self.display.conclude(trial.number, "failed", reason)
        Trials(self.place.search, self.place.folder).fail(trial.number, reason)
        tracking = self.place.first.tracking
        try:
            end_for(folder_for(tracking.uri, tracking.folder, trial.key), Path(tracking.folder), reason)
        except (DamagedJournal, OSError, StoreError) as error:  # the other trials go on
            complain(str(error))


def _display(place: Place, total: int, before: Sequence[Result]) -> SearchDisplay:
    states = [(result.number, result.state) for result in before if result.state != "unfinished"]
    best = max((result.accuracy for result in before if result.state == "done" and result.accuracy), default=None)
    return SearchDisplay(place.first.schedule.total, max(total, len(before)), states, best)


@contextmanager
def _parent(place: Place) -> Iterator[None]:
    """The run that all trials lie below in the store, always the same one; open as long as the `with` block.

    Of several processes that work on one search the first keeps it open.
    """
    tracking = place.first.tracking
    folder = folder_for(tracking.uri, tracking.folder, place.key)
    with folder.held() as held:
        if not held:
            say("another process works on this search: its trials are shared")
            yield
            return
        with TrackedRun(folder, Path(tracking.folder), _header(place)) as parent:
            parent.announce()
            yield
    if parent.unsent:
        complain(f"the store does not have all yet: {parent.unsent}; `{sync_command(tracking.folder)}` sends the rest")


def _header(place: Place) -> dict[str, Any]:
    tracking = place.first.tracking
    return {
        "store": store_name(tracking.uri, tracking.folder),
        "study": place.first.study,
        "name": f"search {place.name} · {place.key[:8]}",
        "description": place.search.question,
        "results": {"images": "validation", "settings": sorted(place.search.space)},
        "parent": None,
        "params": {},
        "tags": {**facts(), "search": place.folder.name},
    }
