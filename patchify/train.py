"""The command `patchify`: one run, or a sweep of them, from a Hydra command line to the tracking store."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from threadpoolctl import threadpool_limits

from patchify.config.catalog import CONF, register_resolvers
from patchify.config.door import ConfigError, explain, to_run
from patchify.config.identity import label, run_key, settings
from patchify.config.schema import Run, register_schemas
from patchify.core.parameters import Parameters, he_initialised
from patchify.core.streams import Streams, streams
from patchify.core.training import Record, fit
from patchify.core.update import Diverged
from patchify.data.prepare import Dataset, prepare
from patchify.data.source import DataError
from patchify.display import Display, complain, show_warnings_plainly
from patchify.sweep import Place, SweepFailed
from patchify.tracking import StoreError

log = logging.getLogger(__name__)

TRAINING_PART = 10_000
"""Training images that the records' training loss and accuracy are of: the first so many."""

FULL_ERROR = "HYDRA_FULL_ERROR"


def main() -> None:
    """Run the command line. Exit status 2: settings refused; 1: a run failed; 130: interrupted."""
    register_schemas()
    register_resolvers()
    show_warnings_plainly()
    want_traceback = os.environ.get(FULL_ERROR) == "1"
    os.environ[FULL_ERROR] = "1"  # Hydra then raises its errors instead of printing them in its own way
    command = hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)
    try:
        command()
    except KeyboardInterrupt:
        complain("interrupted; what was running is marked KILLED")
        sys.exit(130)
    except (ConfigError, HydraException, OmegaConfBaseException, ValueError) as error:  # ValueError: Hydra's, too
        if want_traceback:
            raise
        complain(explain(error))
        sys.exit(2)
    except Exception as error:
        if want_traceback or not isinstance(error, (DataError, SweepFailed, StoreError)):
            raise
        complain(str(error))
        sys.exit(1)


def job(config: DictConfig) -> float:
    """One job of a sweep, in whichever process Hydra's launcher runs it; returns the final test accuracy."""
    composed = HydraConfig.get()
    name = label(composed.runtime.choices, composed.overrides.task)
    place = Place.here()
    position = f"[{composed.job.num + 1}/{place.jobs}] " if place.jobs > 1 else ""
    try:
        return train(to_run(config), name, OmegaConf.to_yaml(config, resolve=True), place, position)
    except (Diverged, DataError, ConfigError, StoreError) as error:
        log.error("%s%s failed: %s", position, name, error)  # noqa: TRY400 - the message says all
        raise
    except Exception:
        log.exception("%s%s failed", position, name)
        raise


def train(run: Run, name: str, config: str, place: Place, position: str) -> float:
    """Train one network and record it in the store; returns the final test accuracy.

    name: what the run is called, seed aside; config: the composed config as YAML; position: "[2/12] " in a sweep
    Raises DataError or StoreError before the run is in the store, Diverged after.
    """
    from patchify.artifacts import write_artifacts  # noqa: PLC0415 - MLflow and Matplotlib take seconds to import
    from patchify.tracking.facts import facts  # noqa: PLC0415
    from patchify.tracking.run import TrackedRun  # noqa: PLC0415
    from patchify.tracking.store import address_of, open_store  # noqa: PLC0415

    dataset = prepare(run.data, run.dtype.value)
    title = f"{name} · seed {run.seed}"
    display = Display(position + title, run.schedule.total)
    tags = {
        **facts(),
        "run_key": run_key(run, dataset.digest),
        "label": name,
        "data": dataset.name,
        "data.digest": dataset.digest,
        "data.official": str(dataset.official),
    }
    store = open_store(address_of(run.tracking.uri, run.tracking.folder))
    with TrackedRun(store, run.study, title, tags=tags, description=run.question, parent=place.parent) as tracked:
        tracked.log_params(settings(run))
        random = streams(run.seed)
        parameters = he_initialised(run.architecture, random.weights, run.dtype.value)
        records = []
        with display, threadpool_limits(run.threads, user_api="blas"):
            for record in training(run, parameters, dataset, random):
                display.show(record)
                if record.evaluations:
                    records.append(record)
                    tracked.log_metrics(record.metrics(), record.step)
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
    scores = f"test accuracy {100 * test.accuracy:.2f} %, loss {test.loss:.3f}"
    display.conclude(f"{scores}, {records[-1].seconds:.1f} s of training")
    return test.accuracy


def training(run: Run, parameters: Parameters, dataset: Dataset, random: Streams) -> Iterator[Record]:
    """The records of a run, evaluated on a part of the training images, on validation and on test images."""
    evaluated = {"train": dataset.train.first(TRAINING_PART), "validation": dataset.validation, "test": dataset.test}
    return fit(
        parameters,
        run.architecture,
        dataset.train,
        schedule=run.schedule,
        regularizer=run.regularizer,
        optimizer=run.optimizer,
        batch_size=run.batch_size,
        order=random.order,
        evaluated={name: examples for name, examples in evaluated.items() if examples is not None},
        record_every=run.record_every,
    )
