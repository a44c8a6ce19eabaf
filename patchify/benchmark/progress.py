"""What a person sees while the comparison runs: a line for each cell, with its ratios and the remaining time."""

import time

from patchify.benchmark.cells import Times
from patchify.benchmark.names import OTHERS, OURS
from patchify.benchmark.timing import median
from patchify.display import say


class Progress:
    """Counts the cells of all numbers of threads."""

    def __init__(self, count: int) -> None:
        self.count, self.done, self.started = count, 0, time.monotonic()
        say(f"{self.count} measurements, each of one network; each begins with a check that all losses agree")

    def show(self, times: Times) -> None:
        """Print the line of a cell that has been measured."""
        self.done += 1
        left = (time.monotonic() - self.started) / self.done * (self.count - self.done)
        ours = times.cpu[OURS]
        ratios = [
            f"{name} {median([theirs / own for theirs, own in zip(times.cpu[name], ours, strict=True)]).middle:.2f}"
            for name in OTHERS
            if name in times.cpu
        ]
        say(
            f"[{self.done}/{self.count}] {times.threads} thread{'' if times.threads == 1 else 's'} {times.cell}: "
            f"ours {1e6 * median(ours).middle:,.0f} µs; over ours: {', '.join(ratios)}; "
            f"{_remaining(left)} left"
        )


def _remaining(seconds: float) -> str:
    """Roughly: minutes, or seconds below two minutes.

    >>> _remaining(75.2), _remaining(720)
    ('75 s', '12 min')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
