"""Tasks in forked processes: what they send arrives, and none of them outlives its purpose."""

import os
import signal
import sys
import time
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

import pytest

from patchify.workers import parallel
from patchify.workers.forking import FORKS, Died, Ended, Printed, Send, forked
from patchify.workers.parallel import in_parallel

pytestmark = pytest.mark.skipif(not FORKS, reason="processes are not forked here")


def nothing() -> None:
    """There is nothing to close before these forks."""


def test_events_arrive_in_the_order_of_each_task_and_its_result_last() -> None:
    def task(send: Send) -> str:
        send(1)
        print("half\nof a", end=" ")
        print("line")
        print("oh", file=sys.stderr)
        return "result"

    heard: dict[int, list[object]] = {0: [], 1: [], 2: []}
    for number, event in forked([task] * 3, 2, before_fork=nothing):
        heard[number].append(event)
    lines = [Printed(line="half", error=False), Printed(line="of a line", error=False), Printed(line="oh", error=True)]
    assert list(heard.values()) == [[1, *lines, Ended(result="result")]] * 3


def test_no_more_run_at_a_time_than_there_are_workers() -> None:
    meet = get_context("fork").Barrier(2)

    def task(send: Send) -> None:
        send("begun")
        meet.wait(timeout=60)  # two at a time, or none gets past

    running = most = 0
    for _, event in forked([task] * 4, 2, before_fork=nothing):
        running += 1 if event == "begun" else -1
        most = max(most, running)
    assert most == 2


def test_before_every_fork_there_is_time_to_close_what_must_not_be_shared() -> None:
    calls: list[int] = []
    events = list(forked([lambda send: len(calls)] * 3, 1, before_fork=lambda: calls.append(0)))
    assert [event.result for _, event in events] == [1, 2, 3]


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "cores", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_results_come_in_the_order_of_their_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    first_may_end = get_context("fork").Event()

    def first() -> str:
        print("waiting")
        assert first_may_end.wait(timeout=60)
        return "first"

    def second() -> str:
        print("go", file=sys.stderr)
        first_may_end.set()
        return "second"

    assert in_parallel([first, second], before_fork=nothing) == ["first", "second"]
    assert capsys.readouterr() == ("waiting\n", "go\n")


@pytest.mark.parametrize("cores", [1, 2])
def test_what_a_task_raises_is_raised_when_the_others_have_ended(
    cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "cores", lambda: cores)

    def refuse() -> None:
        raise ValueError("not this one")

    with pytest.raises(ValueError, match="not this one"):
        in_parallel([refuse, *[(tmp_path / name).touch for name in "abc"]], before_fork=nothing)
    assert {path.name for path in tmp_path.iterdir()} == set("abc")


@pytest.mark.usefixtures("two_cores")
def test_a_process_that_died_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="was killed by SIGKILL"):
        in_parallel([lambda: os.kill(os.getpid(), signal.SIGKILL)], before_fork=nothing)


def test_what_is_printed_after_the_result_does_not_make_a_task_fail() -> None:
    def task(send: Send) -> str:
        Finalize(None, print, args=("late",), exitpriority=1)
        return "result"

    events = [event for _, event in forked([task], 1, before_fork=nothing)]
    assert events == [Ended(result="result"), Printed(line="late", error=False)]


def test_a_task_that_is_killed_is_reported_and_the_others_go_on() -> None:
    def task(send: Send) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return "never"

    (_, died), (number, ended) = forked([task, lambda send: "here"], 1, before_fork=nothing)
    assert isinstance(died, Died)
    assert "was killed by SIGKILL; was memory short? use fewer workers" in died.reason
    assert (number, ended) == (1, Ended(result="here"))


def test_a_task_that_raises_is_reported_with_its_traceback() -> None:
    def task(send: Send) -> None:
        raise KeyError("a bug")

    *printed, died = [event for _, event in forked([task], 1, before_fork=nothing)]
    assert Printed(line="KeyError: 'a bug'", error=True) in printed
    assert isinstance(died, Died)
    assert died.reason.endswith("ended with status 1")


def test_closing_the_generator_interrupts_the_tasks_once_and_waits_for_them(tmp_path: Path) -> None:
    def task(send: Send) -> None:
        try:
            send(os.getpid())
            time.sleep(60)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGINT)  # as when Ctrl-C reaches parent and child
            (tmp_path / str(os.getpid())).touch()  # tidying up
            raise

    with closing(forked([task] * 2, 2, before_fork=nothing)) as events:
        pids = [event for _, event in (next(events), next(events))]
    assert {path.name for path in tmp_path.iterdir()} == set(map(str, pids))
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
