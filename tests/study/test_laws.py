"""Power laws are found again in losses made from them, and say how sure that is if they are right."""

import numpy as np
import pytest

from patchify.study import ResultsError
from patchify.study.scaling.laws import PowerLaw, bootstrapped, fit, held_out, leverages
from tests.study.grids import CENTRES, LAW, POINTS


def noisy(law: PowerLaw, seed: int, noise: float = 0.003) -> np.ndarray:
    return np.asarray(law(POINTS) * np.exp(noise * np.random.default_rng(seed).normal(size=len(POINTS))))


def test_a_law_is_its_floor_and_a_term_for_each_quantity() -> None:
    # at twice the centre of each: 0.5 + 0.2 / 2^0.45 + 0.14 / 2^0.35 + 0.17 / 2^0.6
    assert LAW(2 * CENTRES) == pytest.approx(0.5 + 0.14641 + 0.10984 + 0.11216, abs=1e-4)


def test_losses_without_noise_give_the_law_that_made_them() -> None:
    found = fit(POINTS, LAW(POINTS))
    assert found.floor == pytest.approx(LAW.floor, rel=1e-3)
    np.testing.assert_allclose(found.exponents, LAW.exponents, rtol=1e-3)
    np.testing.assert_allclose(found.shares, LAW.shares, rtol=1e-3)
    np.testing.assert_allclose(found.centres, CENTRES)


def test_intervals_hold_the_law_behind_noisy_losses_nine_times_in_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchify.study.scaling.laws.SAMPLES", 80)  # each takes 30 ms
    truth = np.array([*LAW.exponents, LAW(4 * CENTRES)])
    fits = [bootstrapped(POINTS, noisy(LAW, seed)) for seed in range(4)]
    estimates = np.array([found.estimates(lambda law: [*law.exponents, law(4 * CENTRES)]) for found in fits])
    value, low, high = np.moveaxis(estimates, -1, 0)
    assert ((low < truth) & (truth < high)).mean() > 0.8  # 16 of them, not all independent; the expectation is 0.93
    assert (high - low < value).all(), "an interval that holds everything would, too"


def test_fitting_again_gives_the_same_bits() -> None:
    losses = noisy(LAW, seed=1)
    first, again = (bootstrapped(POINTS, losses).estimates(lambda law: [law.floor, *law.exponents]) for _ in range(2))
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_the_term_of_what_changes_nothing_is_undecided(seed: int) -> None:
    flat = PowerLaw(floor=0.5, shares=np.array([0.2, 0.0, 0.17]), exponents=LAW.exponents, centres=CENTRES)
    assert bootstrapped(POINTS, noisy(flat, seed)).undecided == [False, True, False]


def test_leverages_are_how_a_fitted_loss_follows_its_own_measured_one() -> None:
    found = leverages(LAW, POINTS)
    assert found.sum() == pytest.approx(7), "the numbers of the law"
    for i in (0, 13):  # a corner, and the centre
        losses = LAW(POINTS)
        losses[i] *= 1.001
        followed = fit(POINTS, losses)(POINTS[i]) / LAW(POINTS[i]) - 1
        assert followed / 0.001 == pytest.approx(found[i], abs=0.02)  # of 0.20 and 0.26


def test_what_is_held_out_changes_nothing_in_the_law_that_predicts_it() -> None:
    losses, kept = LAW(POINTS), np.arange(27) < 20
    losses[~kept] += 0.1
    np.testing.assert_allclose(held_out(POINTS, losses, kept), 0.1, atol=1e-3)


@pytest.mark.parametrize(
    ("kept", "got"),
    [(slice(7), "got 7 settings and 1 values"), (slice(18), "got 18 settings and 2 values")],
)
def test_too_few_settings_or_values_are_refused(kept: slice, got: str) -> None:
    with pytest.raises(ResultsError, match=rf"at least 8 settings with 3 values of each .*{got}; train more"):
        fit(POINTS[kept], LAW(POINTS)[kept])
