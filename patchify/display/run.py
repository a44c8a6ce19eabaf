"""One run as a person watches it: a bar on a terminal, else a line a record."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from patchify.core.training.records import Record
from patchify.display.events import Done, Event, Finished, Started, Waiting, judged
from patchify.display.lines import say


class RunDisplay:
    """Shows the events of one run as they come.

    On a terminal: a bar with updates, rate, loss, accuracy and remaining time; elsewhere a line for every evaluation.
    position: "[2/12] " in a sweep, which comes before the name
    """

    def __init__(self, position: str = "") -> None:
        self.position = self.name = position
        self.console = Console()
        self.bar = Progress(
            BarColumn(bar_width=None),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[scores]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("", total=None, scores="")
        self.total = 0
        self.scores = ""

    def show(self, event: Event) -> None:
        """Name the run, move the bar or print the line, or say how it came out."""
        match event:
            case Waiting() | Done():
                say(f"{self.position}{event}")
            case Started():
                self.name, self.total = f"{self.position}{event.name}", event.total
                goes_on = f" goes on after update {event.step}" if event.step else ""
                if self.console.is_terminal or goes_on:
                    say(f"{self.name}{goes_on}")  # a line, since 80 columns hold either the name or the numbers
                self.bar.update(self.task, total=event.total, completed=event.step)
                self.bar.start()
            case Record():
                self._show_record(event)
            case Finished():
                self.bar.stop()
                say(f"  {event}" if self.console.is_terminal else f"{self.name}: {event}")

    def _show_record(self, record: Record) -> None:
        rate = f"rate {record.rate:.1e}"
        if record.evaluations:
            images, result = judged(record)
            self.scores = f"{images} loss {result.loss:.3f}, accuracy {100 * result.accuracy:.1f} %"
            if not self.console.is_terminal:
                say(f"{self.name}: update {record.step}/{self.total}, {rate}, {self.scores}")
        self.bar.update(self.task, completed=record.step, scores=f"{rate}, {self.scores}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()
