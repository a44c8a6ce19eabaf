"""What a sweep would do: every job with its key, its work and the time it will take. Nothing is run or kept."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from patchify.config.identity import run_key
from patchify.config.schema import Run
from patchify.core.model import operations
from patchify.core.model.evaluation import Examples, evaluate
from patchify.core.model.parameters import he_initialised
from patchify.core.training.preconditioning import Whitening
from patchify.core.training.streams import streams
from patchify.core.training.update import Update
from patchify.data.dataset import Dataset
from patchify.data.prepare import prepare
from patchify.display.plan import PlannedJob

MEASURING = 0.5
"""Seconds for timing all networks of a sweep, beside what making them takes; one update of each, however long."""
SAMPLE = 3_000
"""Training images that updates are timed with: more than a cache holds, as in training."""
EVALUATED = 500
"""Images that evaluation is timed with."""
RATE = 1e-9
"""Learning rate of the updates that are timed: no network diverges, nor stops answering."""
AROUND = 1.0
"""Seconds that a run takes beside updates and evaluations: its pictures and its store."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Pace:
    """Seconds of one update, and of evaluating one image."""

    update: float
    evaluation: float


def plan(runs: Sequence[Run], jobs: Sequence[Sequence[str]]) -> list[PlannedJob]:
    """The runs in their order. Raises DataError, since a run's key depends on its data.

    jobs: the overrides that each run was composed with, `KEY=VALUE`
    """
    networks = {_network(run) for run in runs}
    paces: dict[str, Pace] = {}
    planned: dict[int, PlannedJob] = {}
    different = _differences(jobs)
    for number, run in sorted(enumerate(runs), key=lambda job: repr((job[1].data, job[1].dtype))):
        dataset = prepare(run.data, run.dtype.value)
        network = _network(run)
        if network not in paces:
            paces[network] = _pace(run, dataset.train, MEASURING / len(networks))
        planned[number] = _planned(run, dataset, paces[network], different[number])
        del dataset  # `prepare` holds one at a time, of 740 MB, and so do we
    return [planned[number] for number in range(len(runs))]


def _planned(run: Run, dataset: Dataset, pace: Pace, settings: dict[str, str]) -> PlannedJob:
    updates = run.schedule.total
    images = sum(len(examples.labels) for examples in dataset.evaluated(test=run.evaluation.test).values())
    images *= len(run.schedule.marks(run.record_every)) + run.evaluation.views
    training = updates * operations.of_update(run.architecture, run.batch_size)
    return PlannedJob(
        key=run_key(run, dataset.digest),
        settings=settings,
        parameters=run.architecture.parameter_count,
        operations=training + operations.of_evaluation(run.architecture, images),
        seconds=updates * pace.update + images * pace.evaluation + AROUND,
    )


def _differences(jobs: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """The settings of each job that not all jobs have, by key.

    >>> _differences([["data=textures", "seed=0"], ["data=textures", "seed=1"]])
    [{'seed': '0'}, {'seed': '1'}]
    """
    settings = [{key: value for key, _, value in (override.partition("=") for override in job)} for job in jobs]
    different = [key for key in settings[0] if len({job[key] for job in settings}) > 1]
    return [{key: job[key] for key in different} for job in settings]


def _network(run: Run) -> str:
    """All that decides how long an update takes."""
    drops = (run.regularizer.dropout_responses > 0, run.regularizer.dropout_hidden > 0)
    method = (run.optimizer, run.preconditioning, run.augmentation, drops, run.evaluation.parameters)
    return repr((run.architecture, method, run.batch_size, run.dtype, run.threads))


def _pace(run: Run, train: Examples, seconds: float) -> Pace:
    """Measured with a network of the run's kind, in so many seconds or little more."""
    sample = train.first(SAMPLE)
    sample = Examples(images=sample.images.copy(), labels=sample.labels)  # the first read of a file would be timed
    random = np.random.default_rng(0)
    parameters = he_initialised(run.architecture, random, run.dtype.value)
    whiten = run.preconditioning.whiten
    update = Update(
        parameters,
        regularizer=run.regularizer,
        optimizer=run.optimizer,
        augmentation=run.augmentation,
        ema_decay=run.evaluation.kept_decay,
        batch_size=run.batch_size,
        random=streams(0),
        centered=run.preconditioning.center,
        whitening=Whitening(whiten, parameters.filters, sample.images) if whiten else None,
    )
    few = sample.first(EVALUATED)

    def one_update() -> None:
        update(sample, random.integers(len(sample.labels), size=run.batch_size), 0, RATE)

    def one_evaluation() -> None:
        evaluate(parameters, few, run.regularizer)

    with threadpool_limits(run.threads, user_api="blas"):
        return Pace(
            update=_median_seconds(one_update, seconds / 2),
            evaluation=_median_seconds(one_evaluation, seconds / 2) / len(few.labels),
        )


def _median_seconds(work: Callable[[], object], budget: float) -> float:
    """Of doing it as often as the budget allows, after once for warming up.

    Time of this thread, which waits actively for those of BLAS: by the clock, a plan that was made while two other
    processes kept two cores busy said five times too much.
    """
    work()
    began, took = time.perf_counter(), list[float]()
    while not took or time.perf_counter() - began < budget:
        before = time.thread_time()
        work()
        took.append(time.thread_time() - before)
    return statistics.median(took)
