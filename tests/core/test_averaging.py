"""The moving average of the parameters, against its definition written out."""

import numpy as np

from patchify.core.axes import Vector
from patchify.core.model.evaluation import Evaluated, EvaluationSettings, evaluate
from patchify.core.training.averaging import decay_at, follow
from tests.core.trainings import examples, fresh, start

EMA = EvaluationSettings(parameters=Evaluated.ema, ema_decay=0.7)


def test_one_step_worked_by_hand() -> None:
    average, parameters = np.array([1.0, -2.0]), np.array([3.0, 0.0])
    follow(average, parameters, np.empty(2), 0.75)
    np.testing.assert_allclose(average, [1.5, -1.5], atol=1e-15)
    assert parameters.tolist() == [3, 0]


def test_after_n_updates_it_is_the_weighted_sum_of_all_parameters_there_have_been() -> None:
    training = start(fresh(dtype=np.float64), train=examples(dtype=np.float64), evaluated={}, evaluation=EMA)
    seen: list[Vector] = []
    for record in training:
        seen.append(training.update.parameters.flat.copy())
        decays = [decay_at(step, EMA.ema_decay) for step in range(record.step)]
        # parameters k came in with 1 - decay at update k - 1, and were kept by all updates since
        kept = [np.prod(decays[k:]) for k in range(record.step + 1)]
        shares = [kept[0], *((1 - decays[k - 1]) * kept[k] for k in range(1, record.step + 1))]
        assert np.isclose(sum(shares), 1)
        expected = sum(share * parameters for share, parameters in zip(shares, seen, strict=True))
        np.testing.assert_allclose(training.result.flat, expected, atol=1e-14)  # a dozen float64 roundings
    assert len(seen) == 13


def test_with_ema_scores_and_result_are_those_of_the_average() -> None:
    parameters = fresh()
    training = start(parameters, evaluation=EMA)
    last = list(training)[-1]
    test = examples(20, seed=5)
    assert last.evaluations["test"] == evaluate(training.result, test, training.regularizer)
    assert last.evaluations["test"] != evaluate(parameters, test, training.regularizer)
    assert training.state().arrays["average"].tobytes() == training.result.flat.tobytes()


def test_averaging_changes_no_bit_of_the_training() -> None:
    plain, averaged = fresh(), fresh()
    list(start(plain))
    list(start(averaged, evaluation=EMA))
    assert plain.flat.tobytes() == averaged.flat.tobytes()


def test_raw_parameters_are_evaluated_as_they_are_and_no_average_is_kept() -> None:
    parameters = fresh()
    training = start(parameters, evaluation=EvaluationSettings(parameters=Evaluated.raw, ema_decay=0.7))
    list(training)
    assert training.result is parameters
    assert training.update.average is None
    assert set(training.state().arrays) == {"parameters"}
