"""A fresh process for each number of threads: libraries fix theirs when they are loaded."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from patchify.benchmark import ComparisonError
from patchify.benchmark.cells import CHECKED, Plan, Times


def cores() -> int:
    """How many cores this process may use. Raises ComparisonError where a process can't be kept to some of them."""
    if not hasattr(os, "sched_getaffinity"):
        raise ComparisonError("the comparison needs Linux, where a process can be kept to a number of cores")
    return len(os.sched_getaffinity(0))


def measured(plan: Plan) -> Iterator[Times]:
    """The times of each of the plan's cells as they come, measured in a process of their own.

    Raises ComparisonError where implementations disagree, or the process ends early. The process ends when the
    iterator is closed.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(plan, sending), daemon=True)
    with _confined(plan.threads):
        process.start()
    sending.close()  # so that the end of the process ends the wait
    try:
        for _ in plan.cells:
            try:
                answer = receiving.recv()
            except EOFError:
                process.join()
                raise ComparisonError(
                    f"the measuring process ended early, with exit status {process.exitcode}: is memory short?"
                ) from None
            if isinstance(answer, ComparisonError):
                raise answer
            yield answer
    finally:
        process.terminate()
        process.join()
        receiving.close()


@contextmanager
def _confined(threads: int) -> Iterator[None]:
    """Keep this thread, and the processes that it starts, to so many cores: the only limit that JAX knows."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:threads])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _answer(plan: Plan, sending: Connection) -> None:
    """The measuring process."""
    import signal  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends this process
    try:
        for times in measure_cells(plan):
            sending.send(times)
    except ComparisonError as error:
        sending.send(error)


def measure_cells(plan: Plan) -> Iterator[Times]:
    """Check and time each cell in this process."""
    # imported here, when the process is kept to its cores
    from patchify.benchmark.implementations.agreement import implementations  # noqa: PLC0415
    from patchify.benchmark.task import RandomImages  # noqa: PLC0415
    from patchify.benchmark.threads import use_threads  # noqa: PLC0415
    from patchify.benchmark.timing import measure  # noqa: PLC0415

    use_threads(plan.threads, plan.names)
    images = RandomImages.draw(plan.images)
    for cell in plan.cells:
        batches = images.batches(cell.block)
        checked = [next(batches) for _ in range(CHECKED // cell.block)]
        times = Times(cell=cell, threads=plan.threads)
        measure(times, implementations(plan.names, images.task(cell), checked), batches, plan.seconds)
        yield times
