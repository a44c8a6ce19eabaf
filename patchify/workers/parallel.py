"""Results of independent tasks, from as many processes at a time as there are cores."""

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import TypeVar

from patchify.workers.forking import FORKS, Died, Ended, Printed, Send, cores, forked

Result = TypeVar("Result")


def in_parallel(tasks: Sequence[Callable[[], Result]], *, before_fork: Callable[[], None]) -> list[Result]:
    """The tasks' results, in their order; before_fork: as `forked` has it.

    The first exception among them, which must be one that can be pickled, is raised when all have ended. Raises
    RuntimeError for a process that died.
    """
    if not FORKS or cores() == 1:
        return _results(_caught(task) for task in tasks)
    ended: dict[int, Result | Exception] = {}
    with closing(forked([partial(_caught, task) for task in tasks], cores(), before_fork=before_fork)) as events:
        for number, event in events:
            match event:
                case Printed():
                    print(event.line, file=sys.stderr if event.error else sys.stdout)
                case Ended():
                    ended[number] = event.result
                case Died():
                    ended[number] = RuntimeError(event.reason)
    return _results(ended[number] for number in range(len(tasks)))


def _caught(task: Callable[[], Result], _: Send | None = None) -> Result | Exception:
    try:
        return task()
    except Exception as error:
        return error


def _results(found: Iterable[Result | Exception]) -> list[Result]:
    results = []
    for each in list(found):  # all of them, before the first exception is raised
        if isinstance(each, Exception):
            raise each
        results.append(each)
    return results
