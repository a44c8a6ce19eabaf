"""The training loop: its records, its order, and how it fails."""

import math
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from patchify.core.model.evaluation import Evaluation, Examples, evaluate
from patchify.core.training import loop
from patchify.core.training.loop import HEARTBEAT
from patchify.core.training.optimizers import SGD
from patchify.core.training.records import Record
from patchify.core.training.schedules import Constant, Cyclic, Schedule
from patchify.core.training.streams import streams
from patchify.core.training.update import Diverged, Update
from tests.core.trainings import IMAGES, examples, fresh, start


@pytest.mark.parametrize(
    ("schedule", "record_every", "steps"),
    [
        (
            Cyclic(eta_min=1e-4, eta_max=0.01, cycles=2, step_size=4, growth=2.0, decay=1.0),
            None,
            [0, 2, 4, 6, 8, 12, 16, 20, 24],
        ),
        (Constant(eta=0.01, updates=12), None, list(range(13))),
        (Constant(eta=0.01, updates=12), 5, [0, 5, 10, 12]),
        (Constant(eta=0.01, updates=12), 100, [0, 12]),
    ],
)
def test_records_with_scores_come_when_they_are_asked_for(
    schedule: Schedule, record_every: int | None, steps: list[int]
) -> None:
    records = [r for r in start(fresh(), schedule=schedule, record_every=record_every) if r.evaluations]
    assert [record.step for record in records] == steps
    assert [record.rate for record in records] == [schedule(min(step, schedule.total - 1)) for step in steps]
    assert all(list(record.evaluations) == ["train", "test"] for record in records)


def takes(monkeypatch: pytest.MonkeyPatch, *, update: float, evaluation: float = 0.0) -> SimpleNamespace:
    """A clock whose time, `now`, passes only in updates and evaluations, each so many seconds."""
    clock = SimpleNamespace(now=0.0)

    def advancing(seconds: float, function: Callable[..., object]) -> Callable[..., object]:
        def advance(*arguments: object) -> object:
            clock.now += seconds
            return function(*arguments)

        return advance

    monkeypatch.setattr(
        loop, "time", SimpleNamespace(perf_counter=lambda: clock.now, process_time=lambda: 2 * clock.now)
    )
    monkeypatch.setattr(loop, "evaluate", advancing(evaluation, evaluate))
    monkeypatch.setattr(Update, "__call__", advancing(update, Update.__call__))
    return clock


def test_heartbeats_between_evaluations_carry_no_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    takes(monkeypatch, update=0.001)
    schedule = Constant(eta=0.01, updates=2 * HEARTBEAT + 1)
    records = list(start(fresh(), schedule=schedule, record_every=schedule.total))
    assert [(record.step, len(record.evaluations)) for record in records] == [
        (0, 2),
        (HEARTBEAT, 0),
        (2 * HEARTBEAT, 0),
        (2 * HEARTBEAT + 1, 2),
    ]
    assert set(records[1].metrics()) == {"learning_rate", "train/seconds", "train/cpu_seconds"}


def test_a_records_metrics_have_the_names_that_the_design_gives_them() -> None:
    evaluation = Evaluation(loss=1.0, cost=2.0, accuracy=0.5)
    record = Record(step=3, rate=0.1, seconds=4.0, cpu_seconds=3.0, evaluations={"validation": evaluation})
    assert record.metrics() == {
        "validation/loss": 1.0,
        "validation/cost": 2.0,
        "validation/accuracy": 0.5,
        "learning_rate": 0.1,
        "train/seconds": 4.0,
        "train/cpu_seconds": 3.0,
    }


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_training_learns(momentum: float) -> None:
    schedule = Constant(eta=0.02, updates=300)
    records = [r for r in start(fresh(), schedule=schedule, optimizer=SGD(momentum=momentum)) if r.evaluations]
    first, last = records[0].evaluations["train"], records[-1].evaluations["train"]
    assert last.cost < 0.7 * first.cost
    assert last.accuracy > max(first.accuracy, 0.5)


def test_the_same_seeds_give_the_same_bits() -> None:
    one, other, third = fresh(), fresh(), fresh()
    scores = [[r.evaluations for r in start(parameters)] for parameters in (one, other)]
    list(start(third, random=streams(99)))
    assert one.flat.tobytes() == other.flat.tobytes()
    assert scores[0] == scores[1]
    assert third.flat.tobytes() != one.flat.tobytes()


def test_evaluating_more_often_changes_no_bit_of_the_training() -> None:
    one, other = fresh(), fresh()
    list(start(one, record_every=1))
    list(start(other, record_every=100))
    assert one.flat.tobytes() == other.flat.tobytes()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The positions that each update is given, filled in while training runs."""
    seen: list[np.ndarray] = []

    class Noting(Update):
        def __call__(self, train: Examples, chosen: np.ndarray, step: int, rate: float) -> None:
            seen.append(chosen.copy())
            super().__call__(train, chosen, step, rate)

    monkeypatch.setattr(loop, "Update", Noting)
    return seen


def test_each_epoch_takes_the_training_images_in_a_fresh_order(batches: list[np.ndarray]) -> None:
    list(start(fresh(), train=examples(30)))
    epochs = [np.concatenate(batches[first : first + 3]) for first in (0, 3, 6, 9)]
    assert len(batches) == 12
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(30))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 4
    assert tuple(epochs[0].tolist()) != tuple(range(30))


def test_the_rest_that_fills_no_batch_is_left_out_and_is_another_each_epoch(batches: list[np.ndarray]) -> None:
    list(start(fresh()))
    epochs = [np.concatenate(batches[first : first + 3]) for first in (0, 3, 6, 9)]
    assert all(len(set(epoch.tolist())) == 30 for epoch in epochs)
    assert set(np.concatenate(epochs).tolist()) == set(range(IMAGES))


def test_seconds_are_those_of_updates_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = takes(monkeypatch, update=0.125, evaluation=1000)
    found = []
    for record in start(fresh(), record_every=5):
        found.append((record.step, record.seconds, record.cpu_seconds))
        clock.now += 100_000  # nor does the time of those who read the records count
    assert found == [(0, 0, 0), (5, 0.625, 1.25), (10, 1.25, 2.5), (12, 1.5, 3)]


def test_updates_that_take_long_have_a_heartbeat_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    takes(monkeypatch, update=0.5)
    records = list(start(fresh(), record_every=5))
    assert [record.step for record in records] == [0, 2, 4, 5, 7, 9, 10, 12]
    assert [record.step for record in records if record.evaluations] == [0, 5, 10, 12]


def test_a_run_that_diverges_says_at_which_update_rate_and_cost() -> None:
    parameters = fresh()
    message = r"training diverged at update [1-9]\d*: the cost is (nan|inf) at learning rate 1e\+30; lower the schedule"
    with pytest.raises(Diverged, match=message):
        list(start(parameters, schedule=Constant(eta=1e30, updates=12), record_every=100))


def test_a_cost_that_is_not_finite_when_evaluated_stops_the_run_too() -> None:
    test = examples(20, seed=5)
    test.images[3, 100] = math.nan
    with pytest.raises(Diverged, match=r"training diverged at update 0: the cost is nan at learning rate 0\.01"):
        list(start(fresh(), evaluated={"test": test}))


def test_parameters_are_left_as_they_were_before_the_update_that_failed() -> None:
    parameters, train = fresh(), examples()
    before = parameters.flat.copy()
    train.images[...] = math.inf
    with pytest.raises(Diverged, match="at update 0: the cost is nan"):
        list(start(parameters, train=train))
    assert np.array_equal(parameters.flat, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": IMAGES + 1}, r"batch_size must lie in 1\.\.35, the training images: got 36; lower it"),
        ({"batch_size": 0}, r"batch_size must lie in 1\.\.35, the training images: got 0"),
        ({"record_every": 0}, "record_every must be at least 1: got 0; choose 1 or more"),
    ],
)
def test_settings_that_cannot_train_are_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        start(fresh(), **changes)
