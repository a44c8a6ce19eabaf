"""What happens in one run: a network is trained, recorded as it goes, and kept with its pictures."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from threadpoolctl import threadpool_limits

from patchify.artifacts import write_artifacts
from patchify.config.identity import run_key, settings
from patchify.config.schema import Run
from patchify.core.parameters import Parameters, he_initialised
from patchify.core.streams import Streams, streams
from patchify.core.training import Record, fit
from patchify.data.dataset import Dataset
from patchify.data.prepare import prepare
from patchify.display.events import Finished, Started, Watch
from patchify.tracking.facts import facts
from patchify.tracking.run import TrackedRun
from patchify.tracking.store import address_of, open_store

TRAINING_PART = 10_000
"""Training images that the records' training loss and accuracy are of: the first so many."""


def train(run: Run, name: str, config: str, *, parent: str | None, watch: Watch) -> float:
    """Train one network and record it in the store; returns the final test accuracy.

    name: what the run is called, seed aside; config: the composed config as YAML
    parent: id of the sweep's run, if there is one; watch: called with each event of the run
    Raises DataError or StoreError before the run is in the store, Diverged after.
    """
    dataset = prepare(run.data, run.dtype.value)
    title = f"{name} · seed {run.seed}"
    tags = {
        **facts(),
        "run_key": run_key(run, dataset.digest),
        "label": name,
        "data": dataset.name,
        "data.digest": dataset.digest,
        "data.official": str(dataset.official),
    }
    store = open_store(address_of(run.tracking.uri, run.tracking.folder))
    with TrackedRun(store, run.study, title, tags=tags, description=run.question, parent=parent) as tracked:
        watch(Started(name=title, id=tracked.id, total=run.schedule.total))
        tracked.log_params(settings(run))
        random = streams(run.seed)
        parameters = he_initialised(run.architecture, random.weights, run.dtype.value)
        records = []
        with threadpool_limits(run.threads, user_api="blas"):
            for record in training(run, parameters, dataset, random):
                if record.evaluations:
                    records.append(record)
                    tracked.log_metrics(record.metrics(), record.step)
                watch(record)
            with tempfile.TemporaryDirectory() as folder:
                write_artifacts(
                    Path(folder),
                    title,
                    run=run,
                    config=config,
                    parameters=parameters,
                    dataset=dataset,
                    records=records,
                )
                tracked.log_files(Path(folder))
    test = records[-1].evaluations["test"]
    watch(Finished(accuracy=test.accuracy, loss=test.loss, seconds=records[-1].seconds))
    return test.accuracy


def training(run: Run, parameters: Parameters, dataset: Dataset, random: Streams) -> Iterator[Record]:
    """The records of a run, evaluated on a part of the training images, on validation and on test images."""
    evaluated = {"train": dataset.train.first(TRAINING_PART), "validation": dataset.validation, "test": dataset.test}
    return fit(
        parameters,
        dataset.train,
        schedule=run.schedule,
        regularizer=run.regularizer,
        optimizer=run.optimizer,
        batch_size=run.batch_size,
        order=random.order,
        evaluated={name: examples for name, examples in evaluated.items() if examples is not None},
        record_every=run.record_every,
    )
