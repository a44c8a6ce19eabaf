"""The training loop: a generator of records that others read. It prints nothing and stores nothing."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from jaxtyping import Int

from patchify.core.evaluation import Evaluation, Examples, evaluate
from patchify.core.losses import Regularizer
from patchify.core.optimizers import SGD
from patchify.core.parameters import Parameters
from patchify.core.rules import at_least, require
from patchify.core.schedules import Schedule
from patchify.core.update import Diverged, Update

HEARTBEAT = 50
"""A record without scores at least every so many updates, for those who watch."""


@dataclass(slots=True, kw_only=True)
class Record:
    """The state of training after `step` updates.

    rate: learning rate of the next update (of the last one at the end); seconds: spent in updates so far
    evaluations: by the name of the set of images; empty in a heartbeat between two evaluations
    """

    step: int
    rate: float
    seconds: float
    evaluations: dict[str, Evaluation] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Everything by name: `train/loss`, `test/accuracy`, `learning_rate`, `train/seconds`, ..."""
        scores = {
            f"{name}/{score}": getattr(evaluation, score)
            for name, evaluation in self.evaluations.items()
            for score in ("loss", "cost", "accuracy")
        }
        return {**scores, "learning_rate": self.rate, "train/seconds": self.seconds}


def fit(
    parameters: Parameters,
    train: Examples,
    *,
    schedule: Schedule,
    regularizer: Regularizer,
    optimizer: SGD,
    batch_size: int,
    order: np.random.Generator,
    evaluated: Mapping[str, Examples],
    record_every: int | None = None,
) -> Iterator[Record]:
    """Train `parameters` in place by mini-batch gradient descent, yielding records.

    train: the training images; each epoch takes them in a fresh permutation drawn from `order`, and leaves out the
        rest that does not fill a batch
    evaluated: sets of images to evaluate, by name, whenever the schedule asks for a record, or every `record_every`
        updates if given, and always at update 0 and the last

    Records between evaluations carry no scores. Raises Diverged when a cost is not finite, ValueError if there are
    too few images for a batch.
    """
    fits = 1 <= batch_size <= len(train.labels)
    require(fits, "batch_size", f"must lie in 1..{len(train.labels)}, the training images", batch_size, "lower it")
    at_least(1, "record_every", 1 if record_every is None else record_every)
    total = schedule.total
    marks = {0, total, *(range(0, total, record_every) if record_every else schedule.records)}
    rates = [schedule(step) for step in range(total)]
    update = Update(parameters, regularizer=regularizer, optimizer=optimizer, batch_size=batch_size)
    batches, seconds = _batches(len(train.labels), batch_size, order), 0.0
    for start, end in pairwise(sorted({*marks, *range(0, total, HEARTBEAT)})):
        record = Record(step=start, rate=rates[start], seconds=seconds)
        if start in marks:
            _evaluate_all(record, parameters, evaluated, regularizer)
        yield record
        started = time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):  # overflow is caught as a gradient that is not finite
            for step, chosen in zip(range(start, end), batches, strict=False):
                update(train, chosen, step, rates[step])
        seconds += time.perf_counter() - started
    record = Record(step=total, rate=rates[-1], seconds=seconds)
    _evaluate_all(record, parameters, evaluated, regularizer)
    yield record


def _evaluate_all(
    record: Record, parameters: Parameters, evaluated: Mapping[str, Examples], regularizer: Regularizer
) -> None:
    for name, examples in evaluated.items():
        evaluation = evaluate(parameters, examples, regularizer)
        if not math.isfinite(evaluation.cost):
            raise Diverged(record.step, record.rate, evaluation.cost)
        record.evaluations[name] = evaluation


def _batches(examples: int, batch_size: int, order: np.random.Generator) -> Iterator[Int[np.ndarray, "N"]]:
    while True:
        permutation = order.permutation(examples)
        for start in range(0, examples - batch_size + 1, batch_size):
            yield permutation[start : start + batch_size]
