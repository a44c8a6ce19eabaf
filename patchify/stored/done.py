"""What was done already: finished runs by their key, in whichever study of a store."""

import time
from collections.abc import Iterable

from patchify.store import Unreachable
from patchify.store.address import public
from patchify.store.opening import Store
from patchify.stored.run import FinishedRun
from patchify.stored.source import asking

LONGEST = 15.0
"""Seconds that one waits to learn what is done, before one does without."""


def finished_runs(store: Store, keys: Iterable[str]) -> dict[str, FinishedRun]:
    """Finished runs by their key, in any study; of several with one key the one that was started last.

    Raises Unreachable, StoreError or OSError.
    """
    wanted = set(keys)
    found: dict[str, FinishedRun] = {}
    deadline = time.monotonic() + LONGEST
    with asking(store) as source:
        for run in source.finished(wanted):
            if run.key in wanted:
                found.setdefault(run.key, run)
            if len(found) == len(wanted):
                break
            if time.monotonic() > deadline:
                raise Unreachable(f"the store {public(store.address)} takes over {LONGEST:g} s to say what is done")
    return found
