"""A search as a person watches it: a sweep of trials, some of which are broken off, and the best of them so far."""

from collections.abc import Sequence

from patchify.display.events import Done, Event, Finished
from patchify.display.sweep import SweepDisplay


class SearchDisplay(SweepDisplay):
    """Shows the events of a search's trials as they come.

    updates: that each trial makes, unless it is broken off; total: of trials
    before: states of those that were made before, by their number; best: the best accuracy among them
    """

    def __init__(self, updates: int, total: int, before: Sequence[tuple[int, str]], best: float | None) -> None:
        self.pruned, self.best = 0, best
        super().__init__([updates] * total)
        for number, state in before:
            self.conclude(number, state)

    def show(self, number: int, event: Event) -> None:
        """Take note of what a trial tells."""
        if isinstance(event, Finished | Done) and event.accuracy is not None:
            self.best = max(event.accuracy, self.best or 0.0)
        super().show(number, event)

    def conclude(self, number: int, state: str, reason: str = "") -> None:
        """A trial is over: "done", "pruned", or "failed" for the reason that is told."""
        if state == "pruned" and reason:
            self._say(f"{self.running[number].name}: {reason}, {self.running[number].score}")
        self.pruned += state == "pruned"
        self.end(number, failed=state == "failed", reason=reason if state == "failed" else "")

    def summary(self) -> str:
        """How far the search is, in less than 80 columns."""
        best = "" if self.best is None else f" · best {100 * self.best:.2f} %"
        return super().summary() + best

    @property
    def counts(self) -> dict[str, int]:
        """Trials that were broken off are told apart from those that came to their end."""
        return {"of them pruned": self.pruned, **super().counts}
