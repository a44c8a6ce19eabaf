"""Signals that end a run, at a place where nothing is lost by it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM: to be treated like Ctrl-C, but for the exit status."""


class Pruned(Exception):
    """Raised by whoever watches a run and has no more use for it. step: updates made by then."""

    def __init__(self, step: int) -> None:
        super().__init__(f"pruned at update {step}")
        self.step = step


class Wishes:
    """What signals have asked for since training began.

    end: the exception to raise where training can be left, or None; checkpoint: whether one is wanted now
    """

    def __init__(self) -> None:
        self.end: KeyboardInterrupt | None = None
        self.checkpoint = False

    def hear(self, number: int, _: FrameType | None) -> None:
        """Take note of a signal; of those that end a run, the first counts."""
        if number == signal.SIGUSR2:
            self.checkpoint = True
        elif self.end is None:
            self.end = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()  # signals arrive nowhere else


@contextmanager
def deferred() -> Iterator[Wishes]:
    """Note Ctrl-C, SIGTERM and SIGUSR2 instead of acting on them, for a loop that looks now and then.

    Once one has asked for the end, further ones are ignored, and leaving the `with` block raises what it asked for.
    A SIGUSR2 handler that somebody else has installed, such as a cluster's, stays.
    """
    wishes = Wishes()
    if not _in_main_thread():
        yield wishes
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGUSR2) in {signal.SIG_DFL, signal.SIG_IGN}:
        numbers.append(signal.SIGUSR2)
    before = {number: signal.signal(number, wishes.hear) for number in numbers}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if wishes.end else handler)
        if wishes.end:
            raise wishes.end


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM for a moment of tidying up: another one would leave it half done."""
    if not _in_main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_on_sigterm() -> None:
    """Have SIGTERM raise Terminated, as Ctrl-C raises KeyboardInterrupt, and SIGUSR2 do nothing outside of training."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the first is being acted on
    raise Terminated
