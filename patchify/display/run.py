"""What a person sees while a network trains: a bar on a terminal, else a line a record."""

import os
import sys
import warnings
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from patchify.core.training import Record


class Display:
    """Shows the records of one run as they come.

    On a terminal: a bar with updates, rate, loss, accuracy and remaining time; elsewhere a line for every evaluation.
    """

    def __init__(self, name: str, total: int) -> None:
        self.name, self.total = name, total
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
        self.task = self.bar.add_task("", total=total, scores="")
        self.scores = ""
        if self.console.is_terminal:
            say(name)  # on a line of its own, since 80 columns hold either the name or the numbers

    def show(self, record: Record) -> None:
        """Move the bar, or print the line."""
        rate = f"rate {record.rate:.1e}"
        if test := record.evaluations.get("test"):
            self.scores = f"test loss {test.loss:.3f}, accuracy {100 * test.accuracy:.1f} %"
            if not self.console.is_terminal:
                say(f"{self.name}: update {record.step}/{self.total}, {rate}, {self.scores}")
        self.bar.update(self.task, completed=record.step, scores=f"{rate}, {self.scores}")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def conclude(self, result: str) -> None:
        """Say how it came out."""
        say(f"  {result}" if self.console.is_terminal else f"{self.name}: {result}")


def say(text: str) -> None:
    """One line to the terminal, in the order of events also where the output is a file."""
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the reader has gone, as after `| head`: the work goes on, unheard
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """One line to standard error, which says who complains."""
    print(f"patchify: {text}", file=sys.stderr)


def show_warnings_plainly() -> None:
    """Warnings as one line of text, without the place in the code that they come from."""
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"
