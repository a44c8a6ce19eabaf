"""What may be concluded from a study's runs against its baseline: by seeds, or by images where there is one seed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from patchify.store import StoreError
from patchify.stored.files import Answers
from patchify.study import ResultsError
from patchify.study.comparisons import Comparison, Method, compare, holm, on_images, paired, unpaired
from patchify.study.conclusions import Conclusions, concluded, conclusion
from patchify.study.intervals import Interval

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
    assert (found.name, found.method, found.runs) == ("better", Method.paired, (4, 4))
    assert found.difference.mean == pytest.approx(0.021)
    expected = stats.ttest_rel(better, BASE)
    assert found.p == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert found.difference.half_width == pytest.approx((high - low) / 2)


def test_of_groups_that_share_some_seeds_these_are_compared() -> None:
    runs = results(base=seeds([*BASE, 0.9]), better=seeds([base + 0.01 + 0.001 * i for i, base in enumerate(BASE)]))
    (found,) = compare(runs, "test_accuracy", "base", unasked)
    assert (found.method, found.runs) == (Method.paired, (4, 4))
    assert found.difference.mean == pytest.approx(0.0115)


def test_runs_are_paired_by_all_that_is_named() -> None:
    runs = pd.DataFrame(
        {"run_id": "", "run": run, "seed": seed, "width": width, "test_accuracy": width / 100 + gain + 0.001 * seed}
        for run, gain in (("base", 0.0), ("more", 0.02))
        for width in (10, 40)
        for seed in (0, 1)
    )
    runs["test_accuracy"] += 0.001 * (runs.index == 0)
    (found,) = compare(runs, "test_accuracy", "base", unasked, ["seed", "width"])
    assert (found.method, found.runs) == (Method.paired, (4, 4))
    assert found.difference.mean == pytest.approx(0.01975)
    assert found.clear, "although the runs of a group spread over 30 points"


def test_runs_that_differ_in_what_is_named_are_paired_by_seed_where_each_has_one() -> None:
    runs = results(base=seeds(BASE), other=seeds([base + 0.01 + 0.001 * i for i, base in enumerate(BASE)]))
    runs["width"] = np.where(runs["run"] == "base", 10, 40)
    (found,) = compare(runs, "test_accuracy", "base", unasked, ["seed", "width"])
    assert (found.method, found.runs) == (Method.paired, (4, 4))
    twice = pd.concat([runs, runs[runs["run"] == "other"].assign(width=80)])
    (found,) = compare(twice, "test_accuracy", "base", unasked, ["seed", "width"])
    assert (found.method, found.runs) == (Method.unpaired, (8, 4))


def test_groups_of_other_seeds_are_compared_by_welchs_test() -> None:
    (found,) = compare(
        results(base=seeds(BASE), other=seeds([0.58, 0.60, 0.59], first=4)), "test_accuracy", "base", unasked
    )
    assert (found.method, found.runs) == (Method.unpaired, (3, 4))
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
    # of 80 images 60: the share has the lower end that the beta distribution gives (Clopper and Pearson 1934)
    low = (2 * stats.beta.ppf(0.025, 60, 21) - 1) * 80 / 1000
    assert found.difference.half_width == pytest.approx(0.04 - low)


@pytest.mark.parametrize("gained", range(11))
def test_the_interval_on_images_excludes_zero_just_where_the_test_finds_a_difference(gained: int) -> None:
    found, p = on_images(np.arange(100) < gained, np.arange(100) >= 90 + gained)
    assert found.excludes(0) == (p < 0.05)


@pytest.mark.parametrize(
    ("column", "runs"),
    [("test_loss", {"base": {0: 0.6}, "other": {0: 0.7}}), ("test_accuracy", {"base": seeds(BASE), "other": {0: 0.7}})],
    ids=["a loss", "four runs and one"],
)
def test_nothing_is_concluded_from_a_run_without_spread(column: str, runs: dict[str, dict[int, float]]) -> None:
    (found,) = compare(results(**runs), column, "base", unasked)
    assert (found.method, found.p, found.clear, found.difference.half_width) == (Method.none, None, False, None)
    assert conclusion(found, column, "base", 0) == "nothing: single runs have no spread"


def test_nothing_is_concluded_from_runs_whose_images_can_not_be_read() -> None:
    def gone(run_id: str) -> Answers:
        raise StoreError(f"the file of {run_id} is gone")

    (found,) = compare(results(base={0: 0.60}, other={0: 0.64}), "test_accuracy", "base", gone)
    assert (found.method, found.p) == (Method.none, None)
    assert found.difference.mean == pytest.approx(0.04)


def test_equal_differences_are_rounding_and_no_certainty() -> None:
    half, more = np.array([0.5012, 0.5031]), np.array([0.5013, 0.5032])
    assert paired(more, half)[1] is None
    assert unpaired(np.array([0.5, 0.5]), np.array([0.6, 0.6, 0.6]))[1] is None
    (found,) = compare(results(base=seeds(half.tolist()), other=seeds(more.tolist())), "test_accuracy", "base", unasked)
    assert conclusion(found, "test_accuracy", "base", 0) == "nothing: they do not spread"
    same = np.arange(10) < 7
    assert on_images(same, same) == (Interval(mean=0.0, half_width=None, n=1), 1.0)


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
        (0.0213, 0.0499, "test_accuracy", "b beats a by 2.1 ± 0.5 points (n = 5, p = 0.04990)"),
        (0.0213, 0.063, "test_accuracy", "not clear among 3 comparisons (+2.1 ± 0.5, n = 5, p = 0.063)"),
        (0.002, 0.3, "test_accuracy", "no difference seen (0.2 ± 0.5, n = 5)"),
        (-0.08, 0.01, "test_loss", "b has less test loss than a, by 0.080 ± 0.005 nats (n = 5, p = 0.010)"),
    ],
)
def test_what_may_be_concluded_is_said_in_words(mean: float, p: float, column: str, words: str) -> None:
    difference = Interval(mean=mean, half_width=0.005, n=5)
    found = Comparison(name="b", method=Method.paired, difference=difference, runs=(5, 5), p=p)
    assert conclusion(found, column, "a", 3) == words


def test_a_table_says_how_each_was_tested_and_whose_seeds_were_not_varied() -> None:
    right = {"a0": np.arange(100) < 60, "b0": np.arange(100) < 70}
    single = concluded(results(a={0: 0.60}, b={0: 0.70}), "test_accuracy", "a", right.__getitem__)
    lines = "\n".join(single.markdown())
    assert "| b | +10.0 ± 6.2 | McNemar's exact test | 1 | 0.002 | the one run of b got" in lines
    assert "10.0 ± 6.2 points more of these images right (n = 1, p = 0.002)" in lines
    assert "**Seeds were not varied (b): other seeds may differ.**" in lines
    assert "adjusted" not in lines
    runs = results(a=seeds(BASE), b=seeds([0.57, 0.59, 0.58, 0.6]), c=seeds([0.6, 0.61, 0.62], first=9))
    many = concluded(runs, "test_accuracy", "a", unasked)
    lines = "\n".join(many.markdown())
    assert "Seeds were not varied" not in lines
    assert "Student's t, paired | 4 |" in lines
    assert "Welch's t | 3 and 4 |" in lines
    assert "p is adjusted for 2 comparisons (Holm)" in lines


def test_comparisons_are_there_for_programs_and_for_reports_too() -> None:
    found = concluded(
        results(a=seeds(BASE), b_50=seeds([0.57, 0.59, 0.58, 0.6]), c=seeds(BASE[::-1])), "test_accuracy", "a", unasked
    )
    row = found.numbers().set_index("run").loc["b_50"].to_dict()
    assert row["difference"] == pytest.approx(0.01975)
    assert row["p"] == pytest.approx(2 * row["p_alone"])
    assert row["test"] == "Student's t, paired"
    text = found.latex()
    assert r"b\_50 & +2.0 $\pm$ 2.2 & Student's t, paired & 4 &" in text
    assert "difference in test accuracy (percentage points)" in text


def test_a_baseline_that_can_not_be_compared_with_is_refused() -> None:
    runs = results(arch1=seeds(BASE), arch2=seeds([np.nan, *BASE[1:]]))
    with pytest.raises(ResultsError, match="must name runs: there are no arch; did you mean arch2"):
        concluded(runs, "test_accuracy", "arch", unasked)
    with pytest.raises(ResultsError, match="must have a test_accuracy: arch2 lacks it"):
        concluded(runs, "test_accuracy", "arch2", unasked)


def test_groups_that_saw_no_test_image_are_named_and_not_compared() -> None:
    runs = results(a=seeds(BASE), b=seeds([0.57, 0.59, 0.58, 0.6]), c=seeds([np.nan, *BASE[1:]]))
    lines = concluded(runs, "test_accuracy", "a", unasked).markdown()
    assert not any("| c |" in line for line in lines)
    assert "Not compared, since some run lacks it: c." in lines


def test_conclusions_that_were_written_down_are_the_same_when_read_back(tmp_path: Path) -> None:
    better = [base + gain for base, gain in zip(BASE, [0.021, 0.024, 0.019, 0.020], strict=True)]
    runs = results(base=seeds(BASE), better=seeds(better), alone={0: 0.58})
    found = concluded(runs, "test_accuracy", "base", unasked)
    found.numbers().to_csv(tmp_path / "comparisons.csv", index=False)
    again = Conclusions.from_numbers(pd.read_csv(tmp_path / "comparisons.csv"))
    assert again.markdown() == found.markdown()
    assert again.found[1].p is None
