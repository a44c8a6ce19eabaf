"""Timing implementations one after the other, many times, and what that says about their ratio."""

import gc
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from patchify.benchmark.cells import Times
from patchify.benchmark.task import Implementation, Positions

REPEATS = (7, 99)
"""Fewest and most: 6 are the fewest that have a 95 % interval of their median."""
PAUSE = 0.1
"""Seconds between blocks of several threads. Measured: so long those of OpenBLAS look for more work at full speed."""


class Seconds(NamedTuple):
    """Of one update: all threads together, and by the clock."""

    cpu: float
    wall: float


def measure(
    times: Times, implementations: Mapping[str, Implementation], batches: Iterator[Positions], seconds: float
) -> None:
    """Fill `times`: each repeat times every implementation on the same batches, in an order that rotates.

    batches: how many updates are timed at once; seconds: about how long to measure, after one repeat for warming up
    """
    pause = PAUSE if times.threads > 1 else 0.0
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        block = next(batches)
        for implementation in implementations.values():
            _timed(implementation, block, pause)
        once = time.perf_counter() - started
        fewest, most = REPEATS
        repeats = min(max(int(seconds / once), fewest), most)
        for repeat in range(repeats - 1 + repeats % 2):  # odd, so that a median is one of the numbers
            block = next(batches)
            for name in rotated(list(implementations), repeat):
                took = _timed(implementations[name], block, pause)
                times.cpu.setdefault(name, []).append(took.cpu)
                times.wall.setdefault(name, []).append(took.wall)
    finally:
        gc.enable()


def rotated(names: Sequence[str], by: int) -> list[str]:
    """The names, beginning with number `by`.

    >>> rotated(["ours", "jax", "einsum"], 4)
    ['jax', 'einsum', 'ours']
    """
    start = by % len(names)
    return [*names[start:], *names[:start]]


def _timed(implementation: Implementation, block: Positions, pause: float) -> Seconds:
    time.sleep(pause)
    cpu, wall = time.process_time(), time.perf_counter()
    implementation.run(block)
    return Seconds((time.process_time() - cpu) / len(block), (time.perf_counter() - wall) / len(block))


class Median(NamedTuple):
    """A median, and its 95 % interval."""

    middle: float
    low: float
    high: float


def median(values: Sequence[float]) -> Median:
    """The median with an interval between two order statistics, which holds for any distribution.

    The interval from the j-th smallest to the j-th largest of n misses the median with probability
    2 P(Binomial(n, 1/2) < j); j is the largest for which that is at most 5 % (at least 1: fewer than 6 values give
    their whole range). Clopper and Pearson's argument; see David and Nagaraja 2003, section 7.1.

    >>> median([5, 1, 4, 2, 3, 7, 6])
    Median(middle=4.0, low=1, high=7)
    """
    ordered, n = sorted(values), len(values)
    rank, missed = 1, 2 / 2**n + 2 * n / 2**n  # with j = 2
    while missed <= 0.05:
        rank += 1
        missed += 2 * math.comb(n, rank) / 2**n
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return Median(middle, ordered[rank - 1], ordered[-rank])
