"""A store's studies and their runs."""

from patchify.store.opening import Store
from patchify.stored.run import KEY, StoredRun
from patchify.stored.source import asking


def study_names(store: Store) -> list[str]:
    """Names of all studies in the store. Raises StoreError, Unreachable."""
    with asking(store) as source:
        return sorted(study for study in source.studies() if study != "Default")  # which MLflow makes


def stored_runs(store: Store, study: str) -> list[StoredRun]:
    """The study's training runs, oldest first, and those of other studies that count for it, too.

    The parents of sweeps are not among them. Raises StoreError, Unreachable.
    """
    with asking(store) as source:
        found = source.runs(study)
    return sorted((run for run in found if KEY in run.tags), key=lambda run: (run.started, run.id))


def asked_of(store: Store, study: str) -> str:
    """What the study asks, as it was when it was last started; nothing where the store does not know that.

    Raises StoreError, Unreachable.
    """
    with asking(store) as source:
        return source.asked(study)
