"""What a store is told of studies, besides their runs."""

from functools import partial

from patchify.store.faults import LATER, explained
from patchify.store.opening import Store
from patchify.stored.run import ASKED, also
from patchify.tracking.pages import sent_once

LONGEST_TAG = 5000
"""Letters, of an experiment's."""


def also_in(store: Store, run_id: str, study: str) -> None:
    """Have a run count for one more study. Raises Unreachable, StoreError or OSError."""
    with explained(store.address, LATER):
        store.client.set_tag(run_id, also(study), "true")


def note_study(store: Store, study: str, asked: str) -> None:
    """Have the store know what a study asks, also where none of its runs is new. Raises Unreachable, StoreError.

    asked: YAML; one that is too long for a tag is not kept, and that of the study's newest run counts
    """
    with explained(store.address, LATER):
        experiment = store.experiment(study)
        if len(asked) <= LONGEST_TAG and store.client.get_experiment(experiment).tags.get(ASKED) != asked:
            sent_once(partial(store.client.set_experiment_tag, experiment, ASKED, asked))
