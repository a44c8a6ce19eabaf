"""What must be finished although Ctrl-C is pressed once more."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C for a moment of tidying up: a second one would leave it half done."""
    if threading.current_thread() is not threading.main_thread():  # where signals don't arrive
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
