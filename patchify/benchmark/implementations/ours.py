"""The core's own update, and the matrix products that it can't do without."""

import numpy as np

from patchify.benchmark.task import BATCH, L2, RATE, Positions, Task
from patchify.core.checks import reference
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.evaluation import Examples, evaluate
from patchify.core.model.losses import Regularizer
from patchify.core.training.optimizers import SGD
from patchify.core.training.streams import streams
from patchify.core.training.update import Update


class Ours:
    """What `patchify` trains with."""

    def __init__(self, task: Task) -> None:
        self.train = task.train
        self.regularizer = Regularizer(l2=L2, label_smoothing=0.0)
        self.parameters = reference.z_ordered(task.initial, task.architecture)
        self.update = Update(
            self.parameters,
            regularizer=self.regularizer,
            optimizer=SGD(momentum=0.0),
            augmentation=Augmentation(),
            batch_size=BATCH,
            random=streams(0),  # from which nothing is drawn
        )

    def run(self, batches: Positions) -> None:
        """One update for each row of positions."""
        for step, chosen in enumerate(batches):
            self.update(self.train, chosen, step, RATE)

    def losses(self, batches: Positions) -> list[float]:
        """The same, with each batch's loss before its update."""
        losses = []
        for chosen in batches:
            batch = Examples(images=self.train.images[chosen], labels=self.train.labels[chosen])
            losses.append(evaluate(self.parameters, batch, self.regularizer).loss)
            self.run(chosen[np.newaxis])
        return losses


class Floor:
    """The five large matrix products of an update alone, each one call on arrays that are there already.

    Those of the last layer, of 10 columns, are left out; so is taking the batch, which here stays in the cache.
    only_convolution: leave out all but the convolution's two
    """

    def __init__(self, task: Task, *, only_convolution: bool = False) -> None:
        rng = np.random.default_rng(0)

        def random(*shape: int) -> np.ndarray:
            return rng.standard_normal(shape, dtype=np.float32)

        ((numbers, filter_count),) = task.architecture.filter_shapes
        hidden, responses = task.architecture.dense_shapes[0]
        rows = BATCH * task.architecture.patches[0]
        patches, filters = random(rows, numbers), random(numbers, filter_count)
        weights, d_hidden = random(responses, hidden), random(BATCH, hidden)
        convolved, d_convolved = random(rows, filter_count), random(rows, filter_count)
        h, d_h = convolved.reshape(BATCH, responses), d_convolved.reshape(BATCH, responses)
        convolution = [
            (patches, filters, convolved),
            (patches.T, d_convolved, random(numbers, filter_count)),
        ]
        dense = [
            (h, weights, random(BATCH, hidden)),
            (h.T, d_hidden, random(responses, hidden)),
            (d_hidden, weights.T, d_h),
        ]
        self.products = convolution if only_convolution else [*convolution, *dense]

    def run(self, batches: Positions) -> None:
        """The products of one update for each row of positions, whatever they are."""
        for _ in batches:
            for left, right, product in self.products:
                np.matmul(left, right, out=product)
