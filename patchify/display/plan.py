"""The table of a plan: what each job of a sweep is, whether it is done, and how long it will take."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.table import Table

from patchify.display.lines import say

DONE = "done"
"""The state of a job that will not be run."""
NARROWEST, WIDEST = 80, 1_000
"""Columns of the table: on narrow terminals it keeps its numbers, and where there is no terminal its rows are whole."""


@dataclass(slots=True, kw_only=True, frozen=True)
class PlannedJob:
    """A job before it is run.

    key: of the run; settings: those that differ between the jobs of the sweep, by key
    parameters: how many; operations: floating-point, of all matrix products; seconds: estimated
    """

    key: str
    settings: dict[str, str]
    parameters: int
    operations: int
    seconds: float


def show_plan(jobs: Sequence[PlannedJob], states: Sequence[str], workers: int) -> None:
    """Print a row for each job, then what they take together.

    states: of the jobs, as new, done, interrupted, failed; workers: jobs that run at a time
    """
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("run", no_wrap=True)
    for key in jobs[0].settings:
        table.add_column(key.rpartition(".")[2], overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("parameters", "GFLOP", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    for number, (job, state) in enumerate(zip(jobs, states, strict=True), start=1):
        work = f"{job.parameters:,}", f"{job.operations / 1e9:,.1f}", _clock(job.seconds)
        table.add_row(str(number), job.key[:8], *job.settings.values(), state, *work)
    console = Console(markup=False)
    console.width = max(console.width, NARROWEST) if console.is_terminal else WIDEST
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        say(line.rstrip())
    say(_summary(jobs, states, workers))


def _summary(jobs: Sequence[PlannedJob], states: Sequence[str], workers: int) -> str:
    ahead = [job.seconds for job, state in zip(jobs, states, strict=True) if state != DONE]
    places = f"{workers} worker{'s' * (workers > 1)}"
    return f"{len(ahead)} of {len(jobs)} to do, about {_clock(time_of_all(ahead, workers))} on {places}"


def time_of_all(seconds: Sequence[float], workers: int) -> float:
    """Seconds until all jobs are done, where each is taken, in their order, by the worker that is free first.

    >>> time_of_all([3, 1, 1, 5], workers=2)
    7.0
    """
    busy = [0.0] * workers
    for job in seconds:
        heapq.heapreplace(busy, busy[0] + job)
    return max(busy)


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))
