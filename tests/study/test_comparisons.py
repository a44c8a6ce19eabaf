"""What may be concluded from a study's runs against its baseline: by seeds, or by images where there is one seed."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from patchify.study.comparisons import Comparison, Method, compare, holm, on_images, paired, unpaired
from patchify.study.conclusions import comparison_lines, conclusion
from patchify.study.intervals import Interval
from patchify.tracking.reading import Answers

BASE = [0.560, 0.566, 0.572, 0.563]


def results(**accuracies: dict[int, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"run_id": f"{run}{seed}", "run": run, "seed": seed, "test_accuracy": accuracy, "test_loss": 2 - accuracy}
        for run, by_seed in accuracies.items()
        for seed, accuracy in by_seed.items()
    )


def seeds(values: list[float], first: int = 0) -> dict[int, float]:
    return dict(enumerate(values, first))


def unasked(run_id: str) -> Answers:
    raise AssertionError(f"the images of {run_id} are not needed")


def test_groups_of_the_same_seeds_are_compared_seed_by_seed() -> None:
    gained = [0.021, 0.024, 0.019, 0.020]
    better = [base + gain for base, gain in zip(BASE, gained, strict=True)]
    shuffled = dict(reversed(seeds(better).items()))
    (found,) = compare(results(base=seeds(BASE), better=shuffled), "test_accuracy", "base", unasked)
    assert (found.name, found.method, found.difference.n) == ("better", Method.paired, 4)
    assert found.difference.mean == pytest.approx(0.021)
    expected = stats.ttest_rel(better, BASE)
    assert found.p == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert found.difference.half_width == pytest.approx((high - low) / 2)


def test_groups_of_other_seeds_are_compared_by_welchs_test() -> None:
    (found,) = compare(
        results(base=seeds(BASE), other=seeds([0.58, 0.60, 0.59], first=2)), "test_accuracy", "base", unasked
    )
    assert (found.method, found.difference.n) == (Method.unpaired, 3)
    # variances 2.625e-5 / 4 and 1e-4 / 3: standard error 0.0063163, by Satterthwaite 2.793 degrees of freedom
    assert found.difference.mean == pytest.approx(0.02475)
    assert found.p == pytest.approx(2 * stats.t.sf(0.02475 / 0.0063163, 2.793), rel=1e-3)
    assert found.difference.half_width == pytest.approx(stats.t.ppf(0.975, 2.793) * 0.0063163, rel=1e-3)


def test_single_runs_are_compared_by_the_images_that_one_alone_gets_right() -> None:
    right = {"base0": np.arange(1000) < 600, "other0": (np.arange(1000) >= 20) & (np.arange(1000) < 660)}
    (found,) = compare(results(base={0: 0.60}, other={0: 0.64}), "test_accuracy", "base", right.__getitem__)
    assert found.method is Method.images
    assert found.difference.mean == pytest.approx(0.04)
    assert found.p == pytest.approx(stats.binomtest(60, 80).pvalue)
    # Wald: 1.96 sqrt((0.08 - 0.04^2) / 1000)
    assert found.difference.half_width == pytest.approx(0.01736, rel=1e-3)


@pytest.mark.parametrize(
    ("column", "runs"),
    [("test_loss", {"base": {0: 0.6}, "other": {0: 0.7}}), ("test_accuracy", {"base": seeds(BASE), "other": {0: 0.7}})],
    ids=["a loss", "four runs and one"],
)
def test_nothing_is_concluded_from_a_run_without_spread(column: str, runs: dict[str, dict[int, float]]) -> None:
    (found,) = compare(results(**runs), column, "base", unasked)
    assert (found.method, found.p, found.clear, found.difference.half_width) == (Method.none, None, False, None)
    assert conclusion(found, column, "base").startswith("nothing: single runs have no spread (")


def test_runs_that_do_not_spread_are_equal_or_surely_different() -> None:
    assert paired([0.0, 0.0, 0.0])[1] == 1
    assert paired([0.01, 0.01])[1] == 0
    assert unpaired([0.5, 0.5], [0.5, 0.5, 0.5])[1] == 1
    assert unpaired([0.5, 0.5], [0.6, 0.6, 0.6])[1] == 0
    same = np.arange(10) < 7
    assert on_images(same, same) == (Interval(mean=0.0, half_width=0.0, n=1), 1.0)


def test_holms_procedure_keeps_the_order_and_the_risk_of_any_false_finding() -> None:
    assert holm([0.02, 0.001, 0.5]) == pytest.approx([0.04, 0.003, 0.5])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    rng = np.random.default_rng(0)
    false = [min(holm(rng.uniform(size=10).tolist())) < 0.05 for _ in range(4000)]
    assert np.mean(false) == pytest.approx(0.049, abs=0.01)  # 1 - 0.995^10; without it, 0.40


def test_p_is_adjusted_for_all_comparisons_of_the_study() -> None:
    alone = results(base=seeds(BASE), other=seeds([0.57, 0.569, 0.58, 0.571]))
    (found,) = compare(alone, "test_accuracy", "base", unasked)
    names = ("other", "again", "third")
    three = pd.concat([alone[alone["run"] == "base"], *(alone[alone["run"] == "other"].assign(run=n) for n in names)])
    adjusted = [each.p for each in compare(three, "test_accuracy", "base", unasked)]
    assert adjusted == pytest.approx([3 * (found.p or 0)] * 3)


@pytest.mark.parametrize(
    ("mean", "p", "column", "words"),
    [
        (0.0213, 0.0004, "test_accuracy", "b beats a by 2.1 ± 0.5 points (n = 5, p < 0.001)"),
        (-0.0213, 0.012, "test_accuracy", "b falls behind a by 2.1 ± 0.5 points (n = 5, p = 0.012)"),
        (0.002, 0.3, "test_accuracy", "no difference seen (0.2 ± 0.5, n = 5)"),
        (-0.08, 0.01, "test_loss", "b has less test loss than a, by 0.080 ± 0.005 nats (n = 5, p = 0.010)"),
    ],
)
def test_what_may_be_concluded_is_said_in_words(mean: float, p: float, column: str, words: str) -> None:
    difference = Interval(mean=mean, half_width=0.005, n=5)
    assert conclusion(Comparison(name="b", method=Method.paired, difference=difference, p=p), column, "a") == words


def test_a_table_says_how_it_was_tested_and_that_seeds_were_not_varied() -> None:
    right = {"a0": np.arange(100) < 60, "b0": np.arange(100) < 64}
    lines = "\n".join(comparison_lines(results(a={0: 0.60}, b={0: 0.64}), "a", right.__getitem__))
    assert "| b | +4.0 ± 3.8 | 0.125 | no difference seen (4.0 ± 3.8, n = 1) |" in lines
    assert "McNemar's exact test" in lines
    assert "Seeds were not varied" in lines
    many = "\n".join(comparison_lines(results(a=seeds(BASE), b=seeds(BASE)), "a", unasked))
    assert "Seeds were not varied" not in many
    assert "paired by seed (Student's t); p is adjusted for 1 comparison" in many


def test_without_a_baseline_there_is_no_table() -> None:
    runs = results(a=seeds(BASE), b=seeds(BASE))
    assert comparison_lines(runs, None, unasked) == []
    assert comparison_lines(results(a=seeds(BASE)), "a", unasked) == []
    assert (
        comparison_lines(runs, "c", unasked)[0]
        == "Compared with nothing: there is no test accuracy of the baseline, c."
    )


def test_groups_that_saw_no_test_image_are_left_out() -> None:
    runs = results(a=seeds(BASE), b=seeds(BASE), c=seeds([np.nan, *BASE[1:]]))
    assert not any("| c |" in line for line in comparison_lines(runs, "a", unasked))
    assert "no test accuracy of the baseline" in comparison_lines(runs, "c", unasked)[0]
