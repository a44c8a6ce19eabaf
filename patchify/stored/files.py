"""What a run has left in files: its config, its answers, its network."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Bool

from patchify.core.model.classifier import Classifier, read_classifier
from patchify.store import StoreError
from patchify.store.opening import Store
from patchify.stored.run import StoredRun
from patchify.stored.source import asking

Answers = Bool[np.ndarray, "N"]
"""Which images a run got right, in the order of the test set."""

PARAMETERS = "parameters.npz"
MODEL = "model"
"""The folder of a network as an MLflow model, which has its parameters; older runs have them alone."""


def config_of(store: Store, run: StoredRun) -> str:
    """The composed config that the run was made with, as YAML. Raises StoreError where the file is gone."""
    with _read(store, run.id, "config.yaml") as path:
        return path.read_text()


def answers_of(store: Store, run_id: str) -> Answers:
    """Which test images the run got right at its end. Raises StoreError where the file is gone or damaged."""
    with (
        _read(store, run_id, "test_probabilities.npz") as path,
        np.load(BytesIO(path.read_bytes()), allow_pickle=False) as found,
    ):
        predicted = (
            found["predicted"] if "predicted" in found else found["probabilities"].argmax(axis=1)
        )  # once without
        return np.asarray(predicted == found["labels"])


def classifier_of(store: Store, run: StoredRun) -> Classifier:
    """The network that the run ended with. Raises Unreachable, and StoreError where its file is gone or damaged."""
    with asking(store) as source:
        if folder := source.folder(run.id):
            as_model = (folder / MODEL).exists()
        else:
            as_model = MODEL in {file.path for file in store.client.list_artifacts(run.id)}
    file = f"{MODEL}/{PARAMETERS}" if as_model else PARAMETERS
    with _read(store, run.id, file) as path:
        try:
            classifier = read_classifier(path)
        except FileNotFoundError:
            raise
        except Exception as error:  # a damaged file can raise nearly anything: BadZipFile, KeyError, ValueError, ...
            reason = f"{type(error).__name__}: {error}"[:200]
            raise StoreError(
                f"{file} of the run {run.id} is damaged ({reason}); train it again with rerun=true"
            ) from error
    return classifier


@contextmanager
def _read(store: Store, run: str, file: str) -> Iterator[Path]:
    """A run's file, for reading in the `with`: what is wrong with its content is a StoreError, too."""
    with asking(store) as source:
        kept = source.folder(run)
    with TemporaryDirectory() as folder:
        path = kept / file if kept else _downloaded(store, run, file, Path(folder))
        try:
            yield path
        except (OSError, BadZipFile, KeyError, ValueError) as error:
            raise StoreError(f"{file} of the run {run} can't be read: {error}; is it still there?") from error


def _downloaded(store: Store, run: str, file: str, folder: Path) -> Path:
    from patchify.stored.server import download  # noqa: PLC0415 - MLflow takes a second to import

    return download(store.client, run, file, folder)
