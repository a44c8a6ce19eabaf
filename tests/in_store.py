"""What a store has of runs, in a form that can be compared."""

from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from patchify.journal.folder import run_folders
from patchify.journal.sent import pending
from patchify.store.opening import address_of


@dataclass(slots=True, kw_only=True, frozen=True)
class Stored:
    """A finished run: digest of its parameters, (step, value) by metric, names of its files; seconds only by step."""

    parameters: str
    history: dict[str, list[tuple[int, float | None]]]
    files: set[str]


def runs(address: str, study: str = "scratch") -> list[Run]:
    """The parents of sweeps, then the training runs by name: which of two workers was first is left to chance."""
    client = MlflowClient(address)
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], order_by=["start_time ASC"])
    return sorted(found, key=lambda run: ("run_key" in run.data.tags, run.info.run_name))


def runs_of(folder: Path, study: str) -> list[Run]:
    """The same, of the store in a tracking folder."""
    return runs(local(folder), study)


def finished(address: str, study: str = "scratch") -> dict[str, Stored]:
    """All training runs of a study by label and seed. Fails unless every run is finished, and there is one of each."""
    found: dict[str, Stored] = {}
    client = MlflowClient(address)
    for run in runs(address, study):
        assert run.info.status == "FINISHED", f"{run.info.run_name} is {run.info.status}"
        if "run_key" in run.data.tags:
            name = f"{run.data.tags['label']} · seed {run.data.params['seed']}"  # whichever sweep it was made by
            assert name not in found, f"{name} is there twice"
            found[name] = Stored(
                parameters=run.data.tags["parameters_sha256"],
                history={key: _history(client, run, key) for key in run.data.metrics},
                files={file.path for file in client.list_artifacts(run.info.run_id)},
            )
    return found


def _history(client: MlflowClient, run: Run, key: str) -> list[tuple[int, float | None]]:
    metrics = client.get_metric_history(run.info.run_id, key)
    return sorted(
        (metric.step, None if key in {"train/seconds", "train/cpu_seconds"} else metric.value) for metric in metrics
    )


def local(folder: Path) -> str:
    """The address of the store in a tracking folder."""
    return address_of(None, str(folder))


def assert_nothing_is_left(folder: Path) -> None:
    """All is in the store, and what was kept in case of an interruption is gone."""
    assert [found.path for found in run_folders(folder) if pending(found)] == []
    assert list(folder.glob("runs/*/*/checkpoint*")) == []
