"""Where trials are drawn, and which process makes them."""

from pathlib import Path

import pytest

from patchify.config.search import Search, read_search
from patchify.search import SearchError
from patchify.search.trials import Trials
from tests.search.spaces import TWO, written


def made(search: Search, folder: Path, total: int, judge: float = 0.003) -> list[float]:
    """L2 strengths of the trials made now, until there are `total`; the best of which is the nearest to `judge`."""
    trials, drawn = Trials(search, folder), list[float]()
    while True:
        with trials.take(total) as taken:
            if taken is None:
                return drawn
            drawn.append(float(taken.settings["regularizer.l2"]))
            trials.tell(taken, -abs(drawn[-1] - judge))


def test_each_round_of_coarse_to_fine_draws_from_a_part_around_the_best_four_times_smaller(tmp_path: Path) -> None:
    name, *changes = written(sampler="coarse_to_fine", explore=20)
    search = read_search(name, changes)
    drawn = made(search, tmp_path / "s", 60)
    widths = [max(part) / min(part) for part in (drawn[:20], drawn[20:40], drawn[40:])]
    assert widths[0] > 1e2, "most of four orders of magnitude"
    assert widths[1] < 10.1, "a quarter of them, and rounding"
    assert widths[2] < 1.8, "a sixteenth"


@pytest.mark.parametrize("sampler", ["random", "tpe", "coarse_to_fine"])
def test_the_same_seed_draws_the_same_trials_also_when_it_is_stopped_in_between(sampler: str, tmp_path: Path) -> None:
    name, *changes = written(TWO, sampler=sampler, explore=3)
    search = read_search(name, changes)
    whole = made(search, tmp_path / "a", 8)
    assert len(set(whole)) == 8
    assert made(search, tmp_path / "b", 5) == whole[:5]
    with Trials(search, tmp_path / "b").take(8) as taken:
        assert taken is not None
        assert taken.settings["regularizer.l2"] == whole[5]


def test_a_trial_that_its_process_left_is_made_by_the_next_with_the_same_values(tmp_path: Path) -> None:
    name, *changes = written()
    search = read_search(name, changes)
    with Trials(search, tmp_path / "s").take(2) as left:
        assert left is not None
        with Trials(search, tmp_path / "s").take(2) as other, Trials(search, tmp_path / "s").take(2) as none:
            assert other is not None
            assert (left.number, other.number, none) == (0, 1, None), "nobody takes what is being made"
    with Trials(search, tmp_path / "s").take(2) as taken:
        assert taken is not None
        assert (taken.number, taken.settings) == (left.number, left.settings)


def test_a_trial_fails_only_where_no_other_process_has_taken_it_over(tmp_path: Path) -> None:
    name, *changes = written()
    trials = Trials(read_search(name, changes), tmp_path / "s")
    with trials.take(2) as taken:
        assert taken is not None
        trials.fail(0, "its worker was killed")
        assert trials.results()[0].state == "unfinished"
    trials.fail(0, "its worker was killed")
    (result,) = trials.results()
    assert (result.state, result.failure) == ("failed", "its worker was killed")


def test_of_three_trials_that_come_as_far_the_best_goes_on(tmp_path: Path) -> None:
    name, *changes = written()
    trials = Trials(read_search(name, changes), tmp_path / "s")
    gone_on = []
    for accuracy in (0.5, 0.2, 0.1, 0.3, 0.6, 0.4):
        with trials.take(9) as taken:
            assert taken is not None
            gone_on.append(not taken.hopeless(accuracy, 10, 90))
            trials.tell_pruned(taken)
    assert gone_on == [True, True, True, False, True, False], "the first three always do"
    with trials.take(9) as taken:
        assert taken is not None
        assert not taken.hopeless(0.0, 90, 90), "one that has made all updates is not broken off"


def test_trials_that_are_all_alike_say_nothing_of_what_matters_and_do_no_harm(tmp_path: Path) -> None:
    name, *changes = written(TWO)
    trials = Trials(read_search(name, changes), tmp_path / "s")
    for _ in range(8):
        assert trials.importances() == {}, "too few"
        with trials.take(8) as taken:
            assert taken is not None
            trials.tell(taken, 0.1)
    assert set(trials.importances()) == {"regularizer.l2", "optimizer"}


def test_a_damaged_file_of_trials_is_named_with_what_to_do(tmp_path: Path) -> None:
    name, *changes = written()
    search = read_search(name, changes)
    made(search, tmp_path / "s", 2)
    file = tmp_path / "s" / "trials.jsonl"
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"op_code"', b'"op', 1))
    with pytest.raises(
        SearchError, match=r"trials.jsonl is damaged: .*; move it away: its trials are then drawn again"
    ):
        Trials(search, tmp_path / "s")


def test_a_last_line_that_was_cut_as_by_a_power_failure_costs_no_more_than_that_line(tmp_path: Path) -> None:
    name, *changes = written()
    search = read_search(name, changes)
    drawn = made(search, tmp_path / "s", 2)
    file = tmp_path / "s" / "trials.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    assert Trials(search, tmp_path / "s").results()[1].state == "unfinished", "its end was cut"
    assert made(search, tmp_path / "s", 2) == drawn[1:], "and it is made again, with the same values"
