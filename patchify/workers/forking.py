"""Tasks in forked processes, a few at a time; what they send arrives here, in the parent, as it happens."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from patchify.interrupts import end_on_sigterm, undisturbed

FORKS = sys.platform == "linux"
"""Whether processes can be forked here: macOS offers it, but its own libraries do not survive it."""

PATIENCE = 30.0
"""Seconds that interrupted processes have to end by themselves: a busy store makes them wait for 20."""

ENDINGS = {signal.SIGINT, signal.SIGTERM}
"""Signals that end a process in an orderly way."""

Send = Callable[[Any], None]
Task = Callable[[Send], Any]


@dataclass(slots=True, kw_only=True)
class Printed:
    """A line that a task printed; error: to standard error."""

    line: str
    error: bool


@dataclass(slots=True, kw_only=True)
class Ended:
    """A task came to its end with this result."""

    result: Any


@dataclass(slots=True, kw_only=True)
class Died:
    """A task's process ended before the task did."""

    reason: str


@dataclass(slots=True, kw_only=True)
class _Worker:
    number: int
    process: BaseProcess
    ended: bool = False


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def forked(
    tasks: Sequence[Task], workers: int, *, before_fork: Callable[[], None]
) -> Generator[tuple[int, Any], None, None]:
    """Run each task in a process of its own, `workers` at a time, and yield (the task's number, event) as they come.

    A task begins with all that this process has loaded, at no cost. Its events are what it sends, the lines it prints
    (Printed; libraries may print after its end), and either Ended or, last, Died.

    before_fork: called before each fork, to close what must not be shared

    Closing the generator, as Ctrl-C should, interrupts the tasks that run, and waits until they have ended. They are
    interrupted as well when this process is no longer there to hear them. SIGUSR2 is passed on to them.
    """
    ahead = list(enumerate(tasks))[::-1]
    running: dict[Connection, _Worker] = {}

    def pass_on(number: int, _: FrameType | None) -> None:
        for worker in running.values():
            if worker.process.pid:
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(worker.process.pid, number)

    before = signal.signal(signal.SIGUSR2, pass_on)
    try:
        while ahead or running:
            while ahead and len(running) < workers:
                before_fork()
                _fork(*ahead.pop(), running)
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)  # noqa: S101 - it waits for sockets and handles as well
                worker = running[connection]
                try:
                    event = connection.recv()
                    worker.ended = worker.ended or isinstance(event, Ended)
                except (EOFError, OSError):  # OSError: in the middle of an event
                    event = None
                if event is not None:
                    yield worker.number, event
                else:
                    worker.process.join(PATIENCE)
                    if worker.process.is_alive():  # it has nothing more to tell
                        worker.process.kill()
                        worker.process.join()
                    del running[connection]
                    connection.close()
                    if not worker.ended:
                        yield worker.number, Died(reason=_cause_of_death(worker.process))
    finally:
        signal.signal(signal.SIGUSR2, before)
        _stop(running)


def _fork(number: int, task: Task, running: dict[Connection, _Worker]) -> None:
    hear, tell = Pipe(duplex=False)
    process = get_context("fork").Process(target=_work, args=(task, tell, [hear, *running]), daemon=True)
    with _interrupts_held():  # one that came between the fork and our note of it would leave an orphan
        process.start()
        running[hear] = _Worker(number=number, process=process)
    tell.close()


def _work(task: Task, tell: Connection, others: list[Connection]) -> None:
    """What the child does. It must not hold the reading ends of pipes: that they close is how their writers end."""
    for connection in others:
        connection.close()

    lock = threading.Lock()  # libraries may print from threads of theirs

    def send(event: Any) -> None:
        try:
            with lock:
                tell.send(event)
        except BrokenPipeError:  # the parent is gone, or ends us
            raise KeyboardInterrupt from None

    streams = _Lines(send, error=False), _Lines(send, error=True)
    sys.stdout, sys.stderr = streams
    try:
        signal.signal(signal.SIGINT, _interrupt_once)
        end_on_sigterm()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        result = task(send)
        for stream in streams:
            stream.end_line()
        send(Ended(result=result))
    except KeyboardInterrupt:
        sys.exit(130)


def _interrupt_once(*_: object) -> None:
    """Ctrl-C reaches parent and child, and the parent passes it on: that must not disturb what the first began."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Lines(io.TextIOBase):
    """A standard stream of a child: whole lines, sent to the parent, which knows what else is on the terminal."""

    def __init__(self, send: Send, *, error: bool) -> None:
        self.send, self.error = send, error
        self.rest = ""

    def write(self, text: str) -> int:
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self.send(Printed(line=line, error=self.error))
        return len(text)

    def end_line(self) -> None:
        """Send what was printed without an end of line."""
        if self.rest:
            self.write("\n")


@contextmanager
def _interrupts_held() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cause_of_death(process: BaseProcess) -> str:
    code = process.exitcode or 0
    if code >= 0:
        return f"its process {process.pid} ended with status {code}"
    hint = "; was memory short? use fewer workers" if -code == signal.SIGKILL else ""
    return f"its process {process.pid} was killed by {signal.Signals(-code).name}{hint}"


def _stop(running: dict[Connection, _Worker]) -> None:
    """Interrupt what still runs, and wait, for a bounded time, until it has ended."""
    with undisturbed():
        for connection, worker in running.items():
            connection.close()
            if worker.process.pid is not None and worker.process.is_alive():
                os.kill(worker.process.pid, signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        for worker in running.values():
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join(PATIENCE)
