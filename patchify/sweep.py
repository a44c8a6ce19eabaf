"""What the jobs of one sweep share: their data, their parent run, and the count of those that failed."""

import importlib
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from patchify.config.schema import Run
from patchify.data.prepare import prepare
from patchify.display import complain, say
from patchify.tracking import StoreError

_VARIABLE = "PATCHIFY_SWEEP"


class SweepFailed(Exception):
    """Some jobs of a sweep failed; each has said why."""


@dataclass(slots=True, kw_only=True)
class Place:
    """A job's place in its sweep: the parent's run id (None in a sweep of one), and how many jobs there are."""

    parent: str | None = None
    jobs: int = 1

    @classmethod
    def here(cls) -> Self:
        """The place that `sweep` announced to this process or to the one that started it."""
        parent, _, jobs = os.environ.get(_VARIABLE, "").partition(":")
        return cls(parent=parent, jobs=int(jobs)) if parent else cls()


def warm_up(runs: Sequence[Run]) -> None:
    """Load what the jobs need, the data in a thread meanwhile: all are checked, those of the first stay in memory.

    Touches no store, and leaves no thread behind unless interrupted. Raises DataError.
    """
    different = list({repr((run.data, run.dtype)): run for run in runs}.values())
    for run in different:
        run.data.fetch()  # first, since a download shows a bar, and missing files are said at once
    failures: list[Exception] = []

    def prepare_all() -> None:
        try:
            for run in reversed(different):
                if run.data.files or run is different[0]:  # the checks; no other's data would stay in memory
                    prepare(run.data, run.dtype.value, check=True)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=prepare_all, daemon=True)  # a daemon, so that Ctrl-C need not wait for it
    thread.start()
    importlib.import_module("patchify.run")  # MLflow and Matplotlib, which take seconds
    if len(runs) > 1:
        importlib.import_module("patchify.charts").rehearse()  # measured: 0.1 s of each forked run
    thread.join()
    if failures:
        raise failures[0]


def mark_dead(run: Run, stored: str, reason: str) -> None:
    """Mark the run with the id `stored` FAILED, for a process that can't do so any more; complain if that fails."""
    from patchify.tracking.run import mark_failed  # noqa: PLC0415 - MLflow takes seconds to import
    from patchify.tracking.store import address_of, open_store  # noqa: PLC0415

    try:
        mark_failed(open_store(address_of(run.tracking.uri, run.tracking.folder)), stored, reason)
    except StoreError as error:  # the other runs go on
        complain(str(error))


@contextmanager
def sweep(runs: Sequence[Run]) -> Iterator[None]:
    """Load what the jobs share, and keep a parent run open while they run, here or in other processes.

    Raises DataError or StoreError before any run is started.
    """
    warm_up(runs)

    from patchify.tracking.facts import facts  # noqa: PLC0415 - MLflow takes seconds to import
    from patchify.tracking.run import TrackedRun  # noqa: PLC0415
    from patchify.tracking.store import address_of, open_store  # noqa: PLC0415

    first = runs[0]
    store = open_store(address_of(first.tracking.uri, first.tracking.folder))
    say(f"study {first.study}: {len(runs)} run{'s' * (len(runs) > 1)}, tracked in {store.address}")
    if len(runs) == 1:
        yield
        return
    with TrackedRun(
        store,
        first.study,
        f"{first.study} · {len(runs)} runs",
        tags={**facts(), "jobs": str(len(runs))},
        description=first.question,
        parent=None,
    ) as parent:
        os.environ[_VARIABLE] = f"{parent.id}:{len(runs)}"  # inherited by the processes of any launcher
        try:
            yield
        finally:
            del os.environ[_VARIABLE]
