"""A whole sweep as a person watches it: what runs now, what is done, and how long the rest will take."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from patchify.core.training.records import Record
from patchify.display.events import Done, Event, Finished, Started, Waiting, judged
from patchify.display.lines import complain, say
from patchify.interrupts import undisturbed

REDRAW = 0.1
"""Seconds between two drawings."""
SILENCE = 30.0
"""Seconds after which a line is printed where there is no terminal and no run came to its end."""


@dataclass(slots=True, kw_only=True)
class _Running:
    name: str
    step: int = 0
    score: str = ""


class SweepDisplay:
    """Shows the events of a sweep's runs, each of which has a number from 0.

    On a terminal: a line for the sweep and a bar for every running run, below the results of those that are done;
    elsewhere a line for each result, and now and then one for the sweep.
    totals: the updates that each run makes; clock: seconds
    """

    def __init__(self, totals: Sequence[int], clock: Callable[[], float] = time.monotonic) -> None:
        self.totals = list(totals)
        self.clock = clock
        self.steps = [0] * len(totals)
        self.running: dict[int, _Running] = {}
        self.finished = self.failed = 0
        self.skipped = 0  # updates made before, by runs that go on
        self.began = self.spoke = self.drew = clock()
        self.console = Console()
        # drawn when events come, not by a thread of its own: none may live while processes are forked
        self.live = Live(get_renderable=self.picture, console=self.console, auto_refresh=False, transient=True)

    def show(self, number: int, event: Event) -> None:
        """Take note of what a run tells."""
        match event:
            case Waiting():
                self._say(f"{self._position(number)}{event}")
            case Started():
                self.running[number] = _Running(name=f"{self._position(number)}{event.name}", step=event.step)
                self.steps[number] = event.step
                self.skipped += event.step
            case Record():
                self.steps[number] = self.running[number].step = event.step
                if event.evaluations:
                    self.running[number].score = f"{100 * judged(event)[1].accuracy:.1f} %"
            case Finished():
                self._say(f"{self.running[number].name}: {event}")
            case Done():
                self._say(f"{self._position(number)}{event}")
        self._refresh()

    def end(self, number: int, *, failed: bool, reason: str = "") -> None:
        """A run is over; the reason of a failure is told here unless the run could say it itself."""
        run = self.running.pop(number, None)
        self.finished += not failed
        self.failed += failed
        self.totals[number] = self.steps[number]  # what a failed run leaves out is no work ahead
        if reason:
            complain(f"{run.name if run else self._position(number) + 'the run'} failed: {reason}")
        self._refresh()

    def summary(self) -> str:
        """How far the sweep is, in less than 80 columns."""
        parts = [f"{self.finished} of {len(self.totals)} runs done"]
        parts += [f"{count} {state}" for state, count in self.counts.items() if count]
        if left := self.seconds_left():
            parts.append(f"{left // 60}:{left % 60:02} left")
        return " · ".join(parts)

    @property
    def counts(self) -> dict[str, int]:
        """Runs that are not done, by their state."""
        ahead = len(self.totals) - self.finished - self.failed - len(self.running)
        return {"running": len(self.running), "failed": self.failed, "to do": ahead}

    def seconds_left(self) -> int:
        """Time that the updates ahead will take at the pace so far; 0 while nothing is known."""
        done, ahead = sum(self.steps) - self.skipped, sum(self.totals) - sum(self.steps)
        return round((self.clock() - self.began) * ahead / done) if done else 0

    def picture(self) -> RenderableType:
        """The line of the sweep, first since the terminal may be too low for all rows, and the running runs."""
        # rich would erase a line too many after a "^C", as terminals show it, that had no room behind the last row
        rows = Table.grid(padding=(0, 2, 0, 0), expand=True)
        rows.width = self.console.width - len("^C^C")
        rows.add_column(ratio=3, no_wrap=True, overflow="ellipsis")
        rows.add_column(no_wrap=True)
        rows.add_column(ratio=2)
        rows.add_column(min_width=6, justify="right", no_wrap=True)
        for number, run in sorted(self.running.items()):
            name, _, seed = run.name.rpartition(" · ")  # what tells runs apart must not be cut
            bar = ProgressBar(total=self.totals[number], completed=run.step)
            rows.add_row(Text(name), Text(seed), bar, Text(run.score))
        return Group(Text(self.summary(), style="bold", no_wrap=True, overflow="ellipsis"), rows)

    def _position(self, number: int) -> str:
        return f"[{number + 1}/{len(self.totals)}] "

    def _say(self, line: str) -> None:
        say(line)
        self.spoke = self.clock()

    def _refresh(self) -> None:
        now = self.clock()
        if self.live.is_started and now - self.drew >= REDRAW:
            self.live.refresh()
            self.drew = now
        elif not self.console.is_terminal and now - self.spoke >= SILENCE:
            self._say(self.summary())

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():  # or rich would erase lines that are not its own
            self.live.stop()
