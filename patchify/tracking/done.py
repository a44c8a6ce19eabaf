"""What was done already: finished runs by their key, in whichever study of a store."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from mlflow.entities import Run

from patchify.store import Unreachable
from patchify.store.address import public
from patchify.store.faults import explained
from patchify.store.opening import Store
from patchify.tracking.pages import sent_once
from patchify.tracking.reading import ASKED, also, search

FEW = 50
"""Keys asked for one by one. Measured: 10 ms each, and 2 s for all of 1,000 runs (MLflow knows no `IN` for tags)."""

RESULTS = ("test/accuracy", "validation/accuracy")
"""Metrics that say how well a run does: the first that it has."""

LONGEST_TAG = 5000
"""Letters, of an experiment's."""

REMEDY = "start again when it can be"
LONGEST = 15.0
"""Seconds that one waits to learn what is done, before one does without."""


@dataclass(slots=True, kw_only=True, frozen=True)
class FinishedRun:
    """A finished run in a store; accuracy: its result, None if it has none."""

    id: str
    name: str
    study: str
    accuracy: float | None


def finished_runs(store: Store, keys: Iterable[str]) -> dict[str, FinishedRun]:
    """Finished runs by their key, in any study; of several with one key the one that was started last.

    Raises Unreachable, StoreError or OSError.
    """
    wanted = set(keys)
    found: dict[str, FinishedRun] = {}
    deadline = time.monotonic() + LONGEST
    with explained(store.address, REMEDY):
        studies = {experiment.experiment_id: experiment.name for experiment in store.client.search_experiments()}
        for run in _finished(store, list(studies), wanted):
            key = run.data.tags["run_key"]
            if key in wanted and key not in found:
                found[key] = FinishedRun(
                    id=run.info.run_id,
                    name=run.info.run_name,
                    study=studies[run.info.experiment_id],
                    accuracy=next((run.data.metrics[name] for name in RESULTS if name in run.data.metrics), None),
                )
            if len(found) == len(wanted):
                break
            if time.monotonic() > deadline:
                raise Unreachable(f"the store {public(store.address)} takes over {LONGEST:g} s to say what is done")
    return found


def also_in(store: Store, run_id: str, study: str) -> None:
    """Have a run count for one more study. Raises Unreachable, StoreError or OSError."""
    with explained(store.address, REMEDY):
        store.client.set_tag(run_id, also(study), "true")


def note_study(store: Store, study: str, asked: str) -> None:
    """Have the store know what a study asks, also where none of its runs is new. Raises Unreachable, StoreError.

    asked: YAML; one that is too long for a tag is not kept, and that of the study's newest run counts
    """
    with explained(store.address, REMEDY):
        experiment = store.experiment(study)
        if len(asked) <= LONGEST_TAG and store.client.get_experiment(experiment).tags.get(ASKED) != asked:
            sent_once(partial(store.client.set_experiment_tag, experiment, ASKED, asked))


def _finished(store: Store, experiments: list[str], keys: set[str]) -> Iterator[Run]:
    """Finished runs with a key, newest first: those with the given keys if they are few, else all."""
    finished = "attributes.status = 'FINISHED' and tags.run_key"
    conditions = [f"= '{key}'" for key in sorted(keys)] if len(keys) <= FEW else ["LIKE '%'"]
    for condition in conditions:
        yield from search(store, experiments, f"{finished} {condition}", "start_time DESC")
