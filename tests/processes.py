"""Real processes, forked from one that has imported it, since MLflow's import takes seconds."""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from tests.conftest import Outcome, call

LONG = 180.0
"""Seconds after which a process counts as stuck."""

forks = get_context("forkserver")
forks.set_forkserver_preload(
    [
        "patchify.search.running",
        "patchify.search.summary",
        "patchify.commands.train",
        "patchify.commands.sync",
        "pytest",
    ]
)


class Started:
    """A process that runs a command in the folder and environment of the test, in a session of its own.

    room: size in bytes that files may have, None for any, as if the disk were full then
    """

    def __init__(self, *words: str, command: str = "patchify", room: int | None = None) -> None:
        self.out, self.err = (_unused(Path(f"{command}.{stream}")) for stream in ("out", "err"))
        task = (command, words, dict(os.environ), self.out, self.err, room)
        self.process = forks.Process(target=_run, args=task)
        self.process.start()
        wait_until(lambda: self.err.exists() or not self.process.is_alive())

    def signal(self, number: int) -> None:
        """Send a signal to the process that was started, and to no child of it."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill_all(self) -> None:
        """End the process and its children at once, as a power failure would."""
        assert self.process.pid is not None
        os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> Outcome:
        """How it ended, once it has."""
        self.process.join(LONG)
        stuck = self.process.is_alive()
        if stuck:
            self.kill_all()
            self.process.join()
        outcome = Outcome(status=self.process.exitcode or 0, out=self.out.read_text(), err=self.err.read_text())
        assert not stuck, f"still there after {LONG:g} s: {outcome}"
        return outcome


def patchify(*words: str) -> Outcome:
    """The command `patchify` in a process of its own, from its start to its end."""
    return Started(*words).end()


def sync() -> Outcome:
    """The command `patchify-sync`, likewise."""
    return Started(command="patchify-sync").end()


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < deadline, f"waited for {LONG:g} s"
        time.sleep(0.005)


def _run(
    command: str, words: tuple[str, ...], environment: dict[str, str], out: Path, err: Path, room: int | None
) -> None:
    from patchify.commands import search, sync, train  # noqa: PLC0415 - loaded already where this runs

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a process started in the background would ignore
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    if room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    mains = {"patchify": train.main, "patchify-search": search.main, "patchify-sync": sync.main}
    sys.exit(call(mains[command], command, *words))


def _unused(path: Path) -> Path:
    """An absolute path that no process of this test has written to."""
    return Path(f"{path.absolute()}.{len(list(Path.cwd().glob(f'{path}.*')))}")
