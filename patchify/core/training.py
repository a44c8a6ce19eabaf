"""The training loop: it yields records that others read, and can be left and gone on with at each of them.

It prints nothing and stores nothing.
"""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from patchify.core.evaluation import Evaluation, Examples, evaluate
from patchify.core.losses import Regularizer
from patchify.core.optimizers import SGD
from patchify.core.order import Order
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


@dataclass(slots=True, kw_only=True)
class State:
    """Where training stands after `step` updates: all that going on to the same bits takes.

    seconds: spent in updates so far
    records: those with evaluations, this step's included
    arrays: (T,) `parameters`, and (V,) `velocity` of the optimizer
    streams: states of the bit generators, by role; that of `order` as it was when the present epoch began
    """

    step: int
    seconds: float
    records: list[Record]
    arrays: dict[str, Float[np.ndarray, "_"]]
    streams: dict[str, Mapping[str, Any]]


class Training:
    """Mini-batch gradient descent on `parameters`, in place; iterating over it trains and yields records.

    train: the training images; order: draws each epoch's permutation of them
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
        optimizer: SGD,
        batch_size: int,
        order: np.random.Generator,
        evaluated: Mapping[str, Examples],
        record_every: int | None = None,
        state: State | None = None,
    ) -> None:
        fits = 1 <= batch_size <= len(train.labels)
        require(fits, "batch_size", f"must lie in 1..{len(train.labels)}, the training images", batch_size, "lower it")
        at_least(1, "record_every", 1 if record_every is None else record_every)
        total = schedule.total
        self.parameters = parameters
        self.train = train
        self.regularizer = regularizer
        self.evaluated = evaluated
        self.marks = set(schedule.marks(record_every))
        self.rates = [schedule(step) for step in range(total)]
        self.update = Update(parameters, regularizer=regularizer, optimizer=optimizer, batch_size=batch_size)
        self.arrays = {"parameters": parameters.flat, "velocity": self.update.velocity}
        self.step, self.seconds, self.records = 0, 0.0, list[Record]()
        if state is not None:
            self._go_on_from(state, {"order": order})
        self.order = Order(len(train.labels), batch_size, order, self.step)
        self.at_record = True

    def __iter__(self) -> Iterator[Record]:
        total = len(self.rates)
        for stop in sorted({*self.marks, *range(0, total, HEARTBEAT)}):
            if self.records and stop <= self.step:  # yielded before
                continue
            self.at_record = False
            self._train_until(stop)
            record = Record(step=stop, rate=self.rates[min(stop, total - 1)], seconds=self.seconds)
            if stop in self.marks:
                self._evaluate(record)
                self.records.append(record)
            self.at_record = True
            yield record

    def state(self) -> State:
        """A copy of all that training goes on from; to be called by whoever holds a record, or before the first.

        Raises RuntimeError where training was broken off between two records: an update may be half done.
        """
        if not self.at_record:
            raise RuntimeError("the state must be taken at a record: got training broken off; take it there")
        return State(
            step=self.step,
            seconds=self.seconds,
            records=list(self.records),
            arrays={name: array.copy() for name, array in self.arrays.items()},
            streams={"order": self.order.stream_at(self.step)},
        )

    def _go_on_from(self, state: State, streams: Mapping[str, np.random.Generator]) -> None:
        remedy = "take a state of the same run, or begin anew"
        own, given = _contents(self.arrays, streams), _contents(state.arrays, state.streams)
        require(given == own, "state", f"must hold {own}", given, remedy)
        total = len(self.rates)
        require(0 <= state.step <= total, "state", f"must be after 0..{total} updates", state.step, remedy)
        for name, array in self.arrays.items():
            array[...] = state.arrays[name]
        for role, stream in streams.items():
            stream.bit_generator.state = state.streams[role]
        self.step, self.seconds, self.records = state.step, state.seconds, list(state.records)

    def _train_until(self, stop: int) -> None:
        started = time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):  # overflow is caught as a gradient that is not finite
            for step in range(self.step, stop):
                self.update(self.train, self.order.batch(step), step, self.rates[step])
        self.seconds += time.perf_counter() - started
        self.step = stop

    def _evaluate(self, record: Record) -> None:
        for name, examples in self.evaluated.items():
            evaluation = evaluate(self.parameters, examples, self.regularizer)
            if not math.isfinite(evaluation.cost):
                raise Diverged(record.step, record.rate, evaluation.cost)
            record.evaluations[name] = evaluation


def _contents(arrays: Mapping[str, Float[np.ndarray, "_"]], streams: Iterable[str]) -> str:
    """What a state is made of, for people to compare."""
    return ", ".join([*(f"{name} ({array.size} {array.dtype})" for name, array in arrays.items()), *streams])
