"""What failed in a sweep, at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(slots=True, kw_only=True)
class Failure:
    """A run that failed. step: of its last record, None where it has none; log: the file that tells more."""

    name: str
    step: int | None
    reason: str
    log: Path


def show_failures(failures: Sequence[Failure]) -> None:
    """A table of them, as wide as the terminal; where there is none, each in one line as long as it takes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        console.width = 1000  # nothing is broken, so that other programs can search it
    table = Table(box=None, pad_edge=False, title="failed", title_justify="left")
    table.add_column("run")
    table.add_column("after update", justify="right")
    table.add_column("reason", ratio=2)
    table.add_column("log", overflow="fold")
    for failure in failures:
        step = "–" if failure.step is None else f"{failure.step:,}"
        table.add_row(Text(failure.name), step, Text(failure.reason), Text(str(failure.log)))
    console.print(table)
