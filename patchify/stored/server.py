"""A server, asked by MLflow's client: page by page, and history by history."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from patchify.store import StoreError
from patchify.stored.run import ASKED, KEY, RESULTS, FinishedRun, Row, StoredRun, also

FEW = 50
"""Keys asked for one by one. Measured: 10 ms each, and 2 s for all of 1,000 runs (MLflow knows no `IN` for tags)."""
PAGE = 250
"""Runs asked for at once: a server answers in time."""
REQUESTS = 8
"""Requests that a server is given at a time."""


@dataclass(frozen=True)
class Server:
    """What answers MLflow's client: a server, or a kind of database that we do not ask ourselves."""

    client: MlflowClient

    def studies(self) -> list[str]:
        """See `Source`."""
        return list(self._experiments().values())

    def asked(self, study: str) -> str:
        """See `Source`."""
        found = self.client.get_experiment_by_name(study)
        return str(found.tags.get(ASKED, "")) if found else ""

    def runs(self, study: str) -> list[StoredRun]:
        """See `Source`."""
        experiments = self._experiments()
        own = [number for number, name in experiments.items() if name == study]
        others = [number for number in experiments if number not in own]
        found = [
            *search(self.client, own, "", "start_time ASC"),
            *search(self.client, others, f"tags.`{also(study)}` = 'true'", "start_time ASC"),
        ]
        return [_stored(run, experiments) for run in found]

    def beginning(self, name: str) -> list[StoredRun]:
        """See `Source`."""
        experiments = self._experiments()
        conditions = [f"attributes.run_id LIKE '{name}%'", f"tags.{KEY} LIKE '{name}%'"]
        found = [run for rule in conditions for run in search(self.client, list(experiments), rule, "start_time ASC")]
        return [_stored(run, experiments) for run in {run.info.run_id: run for run in found}.values()]

    def finished(self, keys: Collection[str]) -> Iterator[FinishedRun]:
        """See `Source`."""
        experiments = self._experiments()
        rules = [f"= '{key}'" for key in sorted(keys)] if len(keys) <= FEW else ["LIKE '%'"]
        for rule in rules:
            condition = f"attributes.status = 'FINISHED' and tags.{KEY} {rule}"
            for run in search(self.client, list(experiments), condition, "start_time DESC"):
                metrics = run.data.metrics
                yield FinishedRun(
                    key=run.data.tags[KEY],
                    id=run.info.run_id,
                    name=run.info.run_name,
                    study=experiments[run.info.experiment_id],
                    accuracy=next((metrics[name] for name in RESULTS if name in metrics), None),
                )

    def records(self, runs: Sequence[StoredRun], metrics: Sequence[str]) -> list[Row]:
        """See `Source`."""

        def values(wanted: tuple[str, str]) -> list[tuple[str, int, str, float]]:
            run, metric = wanted
            return [(run, found.step, metric, found.value) for found in self.client.get_metric_history(run, metric)]

        records: dict[tuple[str, int], dict[str, float]] = {}
        with ThreadPoolExecutor(REQUESTS) as requests:
            wanted = [(run.id, metric) for run in runs for metric in run.metrics]
            for found in requests.map(values, wanted):
                for run, step, metric, value in found:
                    records.setdefault((run, step), {})[metric] = value
        return [(*record, *(found.get(metric) for metric in metrics)) for record, found in records.items()]

    def folder(self, run: str) -> None:
        """See `Source`: a server says nothing of where files lie."""

    def _experiments(self) -> dict[str, str]:
        """Names of experiments by their ids."""
        return {found.experiment_id: found.name for found in self.client.search_experiments()}


def search(client: MlflowClient, experiments: Sequence[str], condition: str, order: str) -> Iterator[Run]:
    """Runs of some experiments that meet a condition, in an order, both in MLflow's words."""
    token = None
    while experiments:  # MLflow refuses to search in none
        page = client.search_runs(list(experiments), condition, max_results=PAGE, order_by=[order], page_token=token)
        yield from page
        if not (token := page.token):
            break


def download(client: MlflowClient, run: str, file: str, folder: Path) -> Path:
    """A run's file, copied into a folder. Raises StoreError where it is gone."""
    try:
        return Path(client.download_artifacts(run, file, str(folder)))
    except (MlflowException, OSError) as error:
        raise StoreError(f"{file} of the run {run} can't be read: {error}; is it still there?") from error


def _stored(run: Run, experiments: dict[str, str]) -> StoredRun:
    return StoredRun(
        id=run.info.run_id,
        study=experiments[run.info.experiment_id],
        status=run.info.status,
        started=run.info.start_time,
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        metrics=dict(run.data.metrics),
    )
