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

from patchify.core.images.augmentation import Augmentation
from patchify.core.images.moves import Border
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import Evaluated, EvaluationSettings
from patchify.core.model.losses import Regularizer
from patchify.core.training.loop import HEARTBEAT
from patchify.core.training.optimizers import SGD, AdamW, Optimizer
from patchify.core.training.preconditioning import Preconditioning
from patchify.core.training.records import Record, State
from patchify.core.training.schedules import Constant
from patchify.core.training.streams import streams
from patchify.core.training.update import Diverged
from tests.core.trainings import BATCH, IMAGES, examples, fresh, start


def timeless(records: Iterable[Record]) -> list[Record]:
    """Records without the seconds, which no two runs share."""
    return [replace(record, seconds=0.0, cpu_seconds=0.0) for record in records]


def left_at(step: int, **changes: object) -> State:
    """The state at the record of update `step`."""
    training = start(fresh(), **changes)
    next(record for record in training if record.step == step)
    return training.state()


SMALL = Architecture(filter_sizes=[8], filter_counts=[2], hidden=[4])  # whose patches are whitened in no time
OPTIMIZERS = [
    SGD(momentum=0.0),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    AdamW(beta1=0.9, beta2=0.99, epsilon=1e-8, weight_decay=0.1),
]
REGULARIZERS = [
    Regularizer(l2=0.001, label_smoothing=0.1),
    Regularizer(l2=0.001, label_smoothing=0.0, dropout_responses=0.2, dropout_hidden=0.5),
]
AUGMENTATIONS = [Augmentation(), Augmentation(flip=True, shift=2, border=Border.reflect, cutout=6)]
PRECONDITIONINGS = [Preconditioning(), Preconditioning(whiten=0.1, center=True)]
EVALUATIONS = [
    EvaluationSettings(),
    EvaluationSettings(parameters=Evaluated.ema, ema_decay=0.8),
    EvaluationSettings(parameters=Evaluated.ema, view_shift=1),
]


@settings(deadline=None, max_examples=40)  # a loaded machine is no failure
@given(
    stops=st.sets(st.integers(0, 12), max_size=3),
    optimizer=st.sampled_from(OPTIMIZERS),
    regularizer=st.sampled_from(REGULARIZERS),
    augmentation=st.sampled_from(AUGMENTATIONS),
    preconditioning=st.sampled_from(PRECONDITIONINGS),
    evaluation=st.sampled_from(EVALUATIONS),
    dtype=st.sampled_from([np.float32, np.float64]),
    images=st.sampled_from([BATCH, 30, IMAGES, 50]),  # epochs of one, three, three and five batches
)
def test_training_that_is_left_any_number_of_times_goes_on_to_the_same_bits_and_records(
    stops: set[int],
    optimizer: Optimizer,
    regularizer: Regularizer,
    augmentation: Augmentation,
    preconditioning: Preconditioning,
    evaluation: EvaluationSettings,
    dtype: DTypeLike,
    images: int,
) -> None:
    train = examples(images, dtype=dtype)
    same = {
        "train": train,
        "evaluated": {"train": train.first(5)},
        "optimizer": optimizer,
        "regularizer": regularizer,
        "augmentation": augmentation,
        "preconditioning": preconditioning,
        "evaluation": evaluation,
    }
    undisturbed = fresh(dtype=dtype, architecture=SMALL)
    whole = start(undisturbed, **same)
    expected = timeless(whole)
    parameters, random, state = fresh(dtype=dtype, architecture=SMALL), streams(1), None
    records: list[Record] = []
    for stop in sorted(stops | {12}):
        training = start(parameters, **same, random=random, state=state)
        for record in training:
            records.append(record)
            if record.step == stop:
                break
        state = training.state()
        assert state.step == stop
        assert state.records == records
        list(training)  # what the process does until it is killed is lost
        parameters, random = fresh(seed=7, dtype=dtype, architecture=SMALL), streams(8)
    assert timeless(records) == expected
    assert state is not None
    arrays = whole.state().arrays
    assert {name: array.tobytes() for name, array in state.arrays.items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }
    assert state.streams == whole.state().streams
    assert arrays["parameters"].tobytes() == undisturbed.flat.tobytes()
    assert training.result.flat.tobytes() == whole.result.flat.tobytes()


def test_training_left_at_a_heartbeat_goes_on_to_the_same_bits_and_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchify.core.training.loop.PULSE", math.inf)
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
    assert timeless(start(other, state=state, random=streams(8))) == timeless(training)
    assert one.flat.tobytes() == other.flat.tobytes()


def test_the_seconds_of_all_attempts_are_added_up() -> None:
    state = replace(left_at(5), seconds=1000.0, cpu_seconds=3000.0)
    records = list(start(fresh(), state=state))
    assert all(1000 < record.seconds < 2000 and 3000 < record.cpu_seconds < 4000 for record in records)


def test_no_state_is_taken_where_training_was_broken_off() -> None:
    train = examples()
    training = start(fresh(), train=train)
    next(iter(training))
    train.images[...] = math.inf
    with pytest.raises(Diverged):
        list(training)
    with pytest.raises(RuntimeError, match="the state must be taken at a record: got training broken off"):
        training.state()


SOUND = {"parameters": np.zeros(1624, np.float32), "velocity": np.zeros(1624, np.float32)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"arrays": {**SOUND, "parameters": np.zeros(1625, np.float32)}},
            r"state must hold parameters \(1624 float32\), velocity \(1624 float32\), order, augmentation, dropout: "
            r"got parameters \(1625 float32\), velocity .*, dropout; take a state of the same run, or begin anew",
        ),
        ({"arrays": {**SOUND, "parameters": np.zeros(1624)}}, r"got parameters \(1624 float64\)"),
        ({"arrays": {**SOUND, "velocity": np.zeros(0, np.float32)}}, r"got .*, velocity \(0 float32\)"),
        ({"arrays": {**SOUND, "average": np.zeros(1624, np.float32)}}, r"got .*, average \(1624 float32\), order"),
        ({"arrays": {"parameters": SOUND["parameters"]}}, r"got parameters \(1624 float32\), order"),
        ({"streams": {}}, r"got parameters \(1624 float32\), velocity \(1624 float32\); take"),
        ({"step": 13}, r"state must be after 0\.\.12 updates: got 13; take a state of the same run, or begin anew"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_before_anything_changes(change: dict[str, Any], message: str) -> None:
    heavy_ball = {"optimizer": SGD(momentum=0.9)}
    parameters, state = fresh(), left_at(5, **heavy_ball)
    before = parameters.flat.copy()
    with pytest.raises(ValueError, match=message):
        start(parameters, **heavy_ball, state=replace(state, **change))
    assert np.array_equal(parameters.flat, before)
