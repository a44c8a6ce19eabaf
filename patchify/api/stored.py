"""What was trained before: networks and results, from a store or from files."""

import warnings
from io import StringIO
from pathlib import Path
from typing import TextIO

import pandas as pd

from patchify.config.plain import option
from patchify.core.model.classifier import Classifier, read_classifier
from patchify.store.opening import Store, address_of, store_to_read
from patchify.stored.files import classifier_of
from patchify.stored.naming import named_run
from patchify.study.results import Tables, tables
from patchify.study.runs import counted

NAMES = {"run_id": str, "run_key": str}
"""Columns that are text, even if all of it should be digits."""


def load(name: str | Path, *, uri: str | None = None) -> Classifier:
    """The network that a finished run ended with, or one that `network.write("network.npz")` left in a file.

    name: `best:STUDY`, for the one with the best test accuracy; a run's id or key, or how it begins; or a file `….npz`
    uri: as for `results`
    Raises StoreError where there is no such run, and what `read_classifier` raises for a file.
    """
    if Path(name).suffix == ".npz":
        return read_classifier(Path(name))
    store = _store(uri)
    return classifier_of(store, named_run(store, str(name)).run)


def results(study: str | Path, *, data: str | None = None, uri: str | None = None) -> pd.DataFrame:
    """A row for each finished run of a study: its group (`run`), the settings that differ, its final scores.

    Accuracies are fractions; seconds are of training alone.
    study: its name, for what a store holds, or its folder, as `experiments/architectures`, for what lies there
    data: only runs on this data set: its name, or how its digest begins
    uri: MLflow address, or a tracking folder; left out, it is what MLFLOW_TRACKING_URI names, or mlruns
    Runs that don't count, as they failed, are named in a warning.

    Raises StoreError, ResultsError where there are no finished runs, and FileNotFoundError.
    """
    if folder := _folder(study):
        return _read_from(folder, "results.csv")
    found = _tables(study, data, uri).results
    return _read(StringIO(found.to_csv(index=False)))  # a store has settings as text; here they are numbers again


def histories(study: str | Path, *, data: str | None = None, uri: str | None = None) -> pd.DataFrame:
    """A row for each record of each run of a study: `run_id`, `run`, `seed`, `step` and all metrics.

    For what it takes and raises see `results`, whose `run_id` it shares.
    """
    if folder := _folder(study):
        return _read_from(folder, "history.csv")
    return _tables(study, data, uri).history


def _folder(study: str | Path) -> Path | None:
    return Path(study) if isinstance(study, Path) or "/" in study else None


def _read_from(folder: Path, name: str) -> pd.DataFrame:
    if not (folder / name).is_file():
        remedy = "give a folder that patchify-summarize wrote, or the name of a study, without a /, to ask the store"
        raise FileNotFoundError(f"study must be a folder with {name}: there is no {folder / name}; {remedy}")
    return _read(folder / name)


def _read(table: Path | TextIO) -> pd.DataFrame:
    return pd.read_csv(table, dtype=NAMES)


def _tables(study: str | Path, data: str | None, uri: str | None) -> Tables:
    store = _store(uri)
    _, runs, left_out = counted(store, str(study), data)
    if left_out:
        warnings.warn(f"left out of {study}: {'; '.join(left_out)}", stacklevel=3)
    return tables(store, runs)


def _store(uri: str | None) -> Store:
    tracking = option("tracking", "local")
    return store_to_read(address_of(uri or tracking.uri, tracking.folder))
