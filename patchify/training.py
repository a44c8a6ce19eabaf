"""A run's training, from its settings and its data."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from patchify.config.schema import Run
from patchify.core.model.parameters import he_initialised
from patchify.core.training.loop import Training
from patchify.core.training.records import State
from patchify.core.training.streams import streams
from patchify.data.dataset import Dataset


@contextmanager
def training_of(run: Run, dataset: Dataset, state: State | None = None) -> Iterator[Training]:
    """The training, evaluated on a part of the training images, on validation and, if wanted, on test images.

    Within the `with` block BLAS has the run's threads, whose number decides the last bits. state: to go on from
    """
    random = streams(run.seed)
    with threadpool_limits(run.threads, user_api="blas"):
        yield Training(
            he_initialised(run.architecture, random.weights, run.dtype.value),
            dataset.train,
            schedule=run.schedule,
            regularizer=run.regularizer,
            optimizer=run.optimizer,
            augmentation=run.augmentation,
            preconditioning=run.preconditioning,
            evaluation=run.evaluation,
            batch_size=run.batch_size,
            random=random,
            evaluated=dataset.evaluated(test=run.evaluation.test),
            record_every=run.record_every,
            state=state,
        )
