"""The training loop: it yields records that others read, and can be left and gone on with at each of them.

It prints nothing and stores nothing.
"""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from patchify.core.images.augmentation import Augmentation
from patchify.core.model.evaluation import (
    EvaluationSettings,
    Examples,
    evaluate,
    probabilities_over_views,
)
from patchify.core.model.losses import Regularizer, accuracy
from patchify.core.model.parameters import Parameters
from patchify.core.rules import at_least, require
from patchify.core.training.optimizers import Optimizer
from patchify.core.training.order import Order
from patchify.core.training.preconditioning import Preconditioning, Whitening
from patchify.core.training.records import Record, State
from patchify.core.training.schedules import Schedule
from patchify.core.training.streams import Streams
from patchify.core.training.update import Diverged, Update

HEARTBEAT = 50
PULSE = 1.0
"""A record without scores at least every so many updates, or seconds, for those who watch or wish to leave."""


class Training:
    """Mini-batch gradient descent on `parameters`, in place; iterating over it trains and yields records.

    parameters: initialised; where patches are whitened they are taken as drawn for whitened ones
    train: the training images; random: draws each epoch's order of them, how they are augmented, what is dropped
    evaluated: sets of images to evaluate, by name, whenever the schedule asks for a record, or every `record_every`
        updates if given, and always at update 0 and the last
    state: to go on from, to the same bits and records as if training had never been left; what it holds is not
        yielded again

    Records between evaluations carry no scores. Raises ValueError if there are too few images for a batch, or if the
    state is another network's or another optimizer's. Iterating raises Diverged when a cost is not finite.
    """

    def __init__(
        self,
        parameters: Parameters,
        train: Examples,
        *,
        schedule: Schedule,
        regularizer: Regularizer,
        optimizer: Optimizer,
        augmentation: Augmentation,
        preconditioning: Preconditioning,
        evaluation: EvaluationSettings,
        batch_size: int,
        random: Streams,
        evaluated: Mapping[str, Examples],
        record_every: int | None = None,
        state: State | None = None,
    ) -> None:
        fits = 1 <= batch_size <= len(train.labels)
        require(fits, "batch_size", f"must lie in 1..{len(train.labels)}, the training images", batch_size, "lower it")
        at_least(1, "record_every", 1 if record_every is None else record_every)
        total = schedule.total
        self.train = train
        self.regularizer = regularizer
        self.evaluated = evaluated
        self.marks = sorted(set(schedule.marks(record_every)))
        self.rates = [schedule(step) for step in range(total)]
        whitening = None
        if preconditioning.whiten:
            whitening = Whitening(preconditioning.whiten, parameters.filters, train.images)
            if state is None:
                whitening.start(parameters.filters)
        self.update = Update(
            parameters,
            regularizer=regularizer,
            optimizer=optimizer,
            augmentation=augmentation,
            ema_decay=evaluation.kept_decay,
            batch_size=batch_size,
            random=random,
            centered=preconditioning.center,
            whitening=whitening,
        )
        self.view_shift, self.border = evaluation.view_shift, augmentation.border
        self.random = random
        self.step, self.records = 0, list[Record]()
        self.seconds, self.cpu_seconds = 0.0, 0.0
        if state is not None:
            self._go_on_from(state)
        self.order = Order(len(train.labels), batch_size, random.order, self.step)
        self.at_record = True

    def __iter__(self) -> Iterator[Record]:
        for mark in self.marks:
            if self.records and mark <= self.step:  # yielded before
                continue
            self.at_record = False
            while self.step < mark:
                self._train_towards(mark)
                if self.step < mark:
                    self.at_record = True
                    yield self._record()
                    self.at_record = False
            record = self._record()
            self._evaluate(record)
            self.records.append(record)
            self.at_record = True
            yield record

    @property
    def result(self) -> Parameters:
        """The parameters that are evaluated: those that are trained, or their moving average."""
        return self.update.average or self.update.parameters

    def state(self) -> State:
        """A copy of all that training goes on from; to be called by whoever holds a record, or before the first.

        Raises RuntimeError where training was broken off between two records: an update may be half done.
        """
        if not self.at_record:
            raise RuntimeError("the state must be taken at a record: got training broken off; take it there")
        return State(
            step=self.step,
            seconds=self.seconds,
            cpu_seconds=self.cpu_seconds,
            records=list(self.records),
            arrays={name: array.copy() for name, array in self.update.state.items()},
            streams={**_drawn_from(self.random), "order": self.order.stream_at(self.step)},
        )

    def _go_on_from(self, state: State) -> None:
        remedy = "take a state of the same run, or begin anew"
        arrays, streams = self.update.state, self.random._asdict()
        own, given = _contents(arrays, _drawn_from(self.random)), _contents(state.arrays, state.streams)
        require(given == own, "state", f"must hold {own}", given, remedy)
        total = len(self.rates)
        require(0 <= state.step <= total, "state", f"must be after 0..{total} updates", state.step, remedy)
        for name, array in arrays.items():
            array[...] = state.arrays[name]
        for role, drawn in state.streams.items():
            streams[role].bit_generator.state = drawn
        self.step, self.records = state.step, list(state.records)
        self.seconds, self.cpu_seconds = state.seconds, state.cpu_seconds

    def _train_towards(self, mark: int) -> None:
        """Update until `mark`, or the next heartbeat."""
        stop = min(mark, (self.step // HEARTBEAT + 1) * HEARTBEAT)
        started, cpu_started = time.perf_counter(), time.process_time()
        with np.errstate(over="ignore", invalid="ignore"):  # overflow is caught as a gradient that is not finite
            while self.step < stop and time.perf_counter() - started < PULSE:
                self.update(self.train, self.order.batch(self.step), self.step, self.rates[self.step])
                self.step += 1
        self.seconds += time.perf_counter() - started
        self.cpu_seconds += time.process_time() - cpu_started

    def _record(self) -> Record:
        rate = self.rates[min(self.step, len(self.rates) - 1)]
        return Record(step=self.step, rate=rate, seconds=self.seconds, cpu_seconds=self.cpu_seconds)

    def _evaluate(self, record: Record) -> None:
        for name, examples in self.evaluated.items():
            evaluation = evaluate(self.result, examples, self.regularizer)
            if not math.isfinite(evaluation.cost):
                raise Diverged(record.step, record.rate, evaluation.cost)
            if self.view_shift is not None and record.step == len(self.rates):
                seen = probabilities_over_views(self.result, examples.images, self.view_shift, self.border)
                evaluation.accuracy_views = accuracy(seen, examples.labels)
            record.evaluations[name] = evaluation


def _drawn_from(random: Streams) -> dict[str, Mapping[str, Any]]:
    """States of the streams that training draws from, by role."""
    return {role: getattr(random, role).bit_generator.state for role in ("order", "augmentation", "dropout")}


def _contents(arrays: Mapping[str, Float[np.ndarray, "_"]], streams: Iterable[str]) -> str:
    """What a state is made of, for people to compare."""
    return ", ".join([*(f"{name} ({array.size} {array.dtype})" for name, array in arrays.items()), *streams])
