"""Training that is left and gone on with: the same bits and records as if it had not been."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from patchify.core.optimizers import SGD
from patchify.core.schedules import Constant
from patchify.core.training import HEARTBEAT, Record, State
from patchify.core.update import Diverged
from tests.core.trainings import BATCH, IMAGES, examples, fresh, start


def timeless(records: Iterable[Record]) -> list[Record]:
    """Records without the seconds, which no two runs share."""
    return [replace(record, seconds=0.0) for record in records]


def left_at(step: int, **changes: object) -> State:
    """The state at the record of update `step`."""
    training = start(fresh(), **changes)
    next(record for record in training if record.step == step)
    return training.state()


@settings(deadline=None, max_examples=20)  # a loaded machine is no failure
@given(
    stops=st.sets(st.integers(0, 12), max_size=3),
    momentum=st.sampled_from([0.0, 0.9]),
    dtype=st.sampled_from([np.float32, np.float64]),
    images=st.sampled_from([BATCH, 30, IMAGES, 50]),  # epochs of one, three, three and five batches
)
def test_training_that_is_left_any_number_of_times_goes_on_to_the_same_bits_and_records(
    stops: set[int], momentum: float, dtype: DTypeLike, images: int
) -> None:
    train = examples(images, dtype=dtype)
    same = {"train": train, "evaluated": {"train": train.first(5)}, "optimizer": SGD(momentum=momentum)}
    undisturbed = fresh(dtype=dtype)
    expected = timeless(start(undisturbed, **same))
    parameters, order, state = fresh(dtype=dtype), np.random.default_rng(1), None
    records: list[Record] = []
    for stop in sorted(stops | {12}):
        training = start(parameters, **same, order=order, state=state)
        for record in training:
            records.append(record)
            if record.step == stop:
                break
        state = training.state()
        assert state.step == stop
        assert state.records == records
        list(training)  # what the process does until it is killed is lost
        parameters, order = fresh(seed=7, dtype=dtype), np.random.default_rng(8)
    assert timeless(records) == expected
    assert state is not None
    assert state.arrays["parameters"].tobytes() == undisturbed.flat.tobytes()


def test_training_left_at_a_heartbeat_goes_on_to_the_same_bits_and_records() -> None:
    same: dict[str, object] = {"schedule": Constant(eta=0.01, updates=2 * HEARTBEAT + 1), "record_every": 70}
    undisturbed, parameters = fresh(), fresh(seed=7)
    expected = timeless(start(undisturbed, **same))
    state = left_at(HEARTBEAT, **same)
    assert [record.step for record in state.records] == [0]
    assert timeless(start(parameters, **same, state=state)) == expected[2:]
    assert parameters.flat.tobytes() == undisturbed.flat.tobytes()


def test_the_state_before_the_first_record_is_the_beginning() -> None:
    one, other = fresh(), fresh(seed=7)
    training = start(one)
    state = training.state()
    assert timeless(start(other, state=state, order=np.random.default_rng(8))) == timeless(training)
    assert one.flat.tobytes() == other.flat.tobytes()


def test_the_seconds_of_all_attempts_are_added_up() -> None:
    state = replace(left_at(5), seconds=1000.0)
    assert all(1000 < record.seconds < 2000 for record in start(fresh(), state=state))


def test_no_state_is_taken_where_training_was_broken_off() -> None:
    train = examples()
    training = start(fresh(), train=train)
    next(iter(training))
    train.images[...] = math.inf
    with pytest.raises(Diverged):
        list(training)
    with pytest.raises(RuntimeError, match="the state must be taken at a record: got training broken off"):
        training.state()


SOUND = {"parameters": np.zeros(1624, np.float32), "velocity": np.zeros(0, np.float32)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"arrays": {**SOUND, "parameters": np.zeros(1625, np.float32)}},
            r"state must hold parameters \(1624 float32\), velocity \(0 float32\), order: "
            r"got parameters \(1625 float32\), velocity \(0 float32\), order; take a state of the same run, or begin",
        ),
        ({"arrays": {**SOUND, "parameters": np.zeros(1624)}}, r"got parameters \(1624 float64\)"),
        ({"arrays": {**SOUND, "velocity": np.zeros(1624, np.float32)}}, r"got .*, velocity \(1624 float32\)"),
        ({"arrays": {**SOUND, "average": np.zeros(1624, np.float32)}}, r"got .*, average \(1624 float32\), order"),
        ({"arrays": {"parameters": SOUND["parameters"]}}, r"got parameters \(1624 float32\), order"),
        ({"streams": {}}, r"got parameters \(1624 float32\), velocity \(0 float32\); take"),
        ({"step": 13}, r"state must be after 0\.\.12 updates: got 13; take a state of the same run, or begin anew"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_before_anything_changes(change: dict[str, Any], message: str) -> None:
    parameters, state = fresh(), left_at(5)
    before = parameters.flat.copy()
    with pytest.raises(ValueError, match=message):
        start(parameters, state=replace(state, **change))
    assert np.array_equal(parameters.flat, before)
