"""Runs as the store holds them, read back as plain objects."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Bool
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from patchify.core.model.classifier import Classifier, read_classifier
from patchify.store import StoreError
from patchify.store.faults import explained
from patchify.store.opening import Store
from patchify.tracking import database
from patchify.tracking.model import MODEL, PARAMETERS

Answers = Bool[np.ndarray, "N"]
"""Which images a run got right, in the order of the test set."""

ASKED = "patchify.study"
"""The tag of a study's experiment with what it asks."""

PAGE = 250
"""Runs asked for at once: a server answers in time."""


@dataclass(slots=True, kw_only=True)
class StoredRun:
    """One training run: what it was told (`params`), what it is (`tags`), and how it ended (`status`, `metrics`).

    study: that it was made for; started: milliseconds since 1970; status: FINISHED, FAILED, KILLED or RUNNING
    metrics: the last value of each
    """

    id: str
    study: str
    status: str
    started: int
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]

    @property
    def name(self) -> str:
        """What the run is called in MLflow's pages."""
        return self.tags["mlflow.runName"]


def stored_runs(store: Store, study: str) -> list[StoredRun]:
    """The study's training runs, oldest first, and those of other studies that count for it, too.

    The parents of sweeps, which trained nothing, are not among them.
    """
    own = store.client.get_experiment_by_name(study)
    studies = {other.experiment_id: other.name for other in store.client.search_experiments()}
    others = [number for number, name in studies.items() if name != study]
    studies |= {own.experiment_id: study} if own else {}
    of_kind = _of_database if database.is_database(store.address) else _of_server
    found = of_kind(store, own.experiment_id if own else None, others, also(study), studies)
    return sorted((run for run in found if "run_key" in run.tags), key=lambda run: run.started)


def _of_server(store: Store, own: str | None, others: list[str], tag: str, studies: dict[str, str]) -> list[StoredRun]:
    found = [
        *search(store, [own] if own else [], "", "start_time ASC"),
        *search(store, others, f"tags.`{tag}` = 'true'", "start_time ASC"),
    ]
    return [stored(run, studies[run.info.experiment_id]) for run in found]


def _of_database(
    store: Store, own: str | None, others: list[str], tag: str, studies: dict[str, str]
) -> list[StoredRun]:
    """Measured, 1,000 runs of 75 settings, tags and metrics: 0.4 s of processor time, and MLflow's search 3.5 s."""
    shared = database.tagged(store.address, tag, "true")
    found = {
        run: StoredRun(id=run, study=studies[str(number)], status=status, started=start, params={}, tags={}, metrics={})
        for run, number, status, start in database.runs(store.address, [*others, *filter(None, [own])])
        if str(number) == own or run in shared
    }
    for run, name, value in database.params(store.address, list(found)):
        found[run].params[name] = value
    for run, name, value in database.tags(store.address, list(found)):
        found[run].tags[name] = value
    for run, name, value in database.metrics(store.address, list(found)):
        found[run].metrics[name] = math.nan if value is None else value
    return list(found.values())


def stored(run: Run, study: str) -> StoredRun:
    """MLflow's run as a plain object; study: the name of its experiment."""
    return StoredRun(
        id=run.info.run_id,
        study=study,
        status=run.info.status,
        started=run.info.start_time,
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        metrics=dict(run.data.metrics),
    )


def also(study: str) -> str:
    """The tag of a run of another study that counts for this one, too."""
    return f"also.{study}"


def search(store: Store, experiments: list[str], condition: str, order: str) -> Iterator[Run]:
    """Runs of some experiments that meet a condition, in an order, both in MLflow's words."""
    token = None
    while experiments:  # MLflow refuses to search in none
        page = store.client.search_runs(experiments, condition, max_results=PAGE, order_by=[order], page_token=token)
        yield from page
        if not (token := page.token):
            break


def asked_of(store: Store, study: str) -> str:
    """What the study asks, as it was when it was last started; nothing where the store does not know that."""
    found = store.client.get_experiment_by_name(study)
    return str(found.tags.get(ASKED, "")) if found else ""


def config_of(store: Store, run: StoredRun) -> str:
    """The composed config that the run was made with, as YAML. Raises StoreError where the artifact is gone."""
    with _downloaded(store, run.id, "config.yaml") as path:
        return path.read_text()


def answers_of(store: Store, run_id: str) -> Answers:
    """Which test images the run got right at its end. Raises StoreError where the artifact is gone or damaged."""
    with (
        _downloaded(store, run_id, "test_probabilities.npz") as path,
        np.load(BytesIO(path.read_bytes()), allow_pickle=False) as found,
    ):
        predicted = (
            found["predicted"] if "predicted" in found else found["probabilities"].argmax(axis=1)
        )  # once without
        return np.asarray(predicted == found["labels"])


def classifier_of(store: Store, run: StoredRun) -> Classifier:
    """The network that the run ended with. Raises Unreachable, and StoreError where its file is gone or damaged."""
    with explained(store.address, "start again when it can be"):
        kept = {file.path for file in store.client.list_artifacts(run.id)}
    artifact = f"{MODEL}/{PARAMETERS}" if MODEL in kept else PARAMETERS  # runs had no model once
    with _downloaded(store, run.id, artifact) as path:
        try:
            classifier = read_classifier(path)
        except Exception as error:  # a damaged file can raise nearly anything: BadZipFile, KeyError, ValueError, ...
            reason = f"{type(error).__name__}: {error}"[:200]
            raise StoreError(
                f"{artifact} of the run {run.id} is damaged ({reason}); train it again with rerun=true"
            ) from error
    return classifier


def fetch(store: Store, run_id: str, artifact: str, folder: Path) -> Path:
    """A run's file, copied into a folder. Raises StoreError where it is gone."""
    try:
        return Path(store.client.download_artifacts(run_id, artifact, str(folder)))
    except (MlflowException, OSError) as error:
        raise _unreadable(artifact, run_id, error) from error


@contextmanager
def _downloaded(store: Store, run_id: str, artifact: str) -> Iterator[Path]:
    """For reading in the `with`: what is wrong with the content is a StoreError, too."""
    with TemporaryDirectory() as folder:
        path = fetch(store, run_id, artifact, Path(folder))
        try:
            yield path
        except (OSError, BadZipFile, KeyError, ValueError) as error:
            raise _unreadable(artifact, run_id, error) from error


def _unreadable(artifact: str, run_id: str, error: Exception) -> StoreError:
    return StoreError(f"{artifact} of the run {run_id} can't be read: {error}; is it still there?")
