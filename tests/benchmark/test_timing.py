"""How times are taken, and what a median says."""

import gc
from itertools import repeat

import numpy as np
import pytest

from patchify.benchmark.cells import Cell, Times
from patchify.benchmark.task import Positions
from patchify.benchmark.timing import measure, median


def times() -> Times:
    return Times(cell=Cell(f=4, nf=10, nh=50), threads=1)


class Recorder:
    """Writes down whose turn it was, and with what."""

    def __init__(self, name: str, turns: list[tuple[str, int]]) -> None:
        self.name, self.turns = name, turns

    def run(self, batches: Positions) -> None:
        assert not gc.isenabled()
        self.turns.append((self.name, int(batches[0, 0])))


def test_each_repeat_times_all_on_the_same_batches_in_an_order_that_rotates() -> None:
    turns: list[tuple[str, int]] = []
    found = times()
    measure(
        found,
        {name: Recorder(name, turns) for name in ("ours", "jax", "einsum")},
        (np.full((2, 3), number) for number in range(100)),
        seconds=0,
    )
    assert found.repeats == 7
    assert [len(seconds) for seconds in (*found.cpu.values(), *found.wall.values())] == [7] * 6
    assert "".join(name[0] for name, _ in turns) == "oje" + "ojejeoeojojejeoeojoje"
    assert [number for _, number in turns] == [number for number in range(8) for _ in range(3)]


def test_garbage_is_collected_again_after_an_error() -> None:
    class Broken:
        def run(self, batches: Positions) -> None:
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        measure(times(), {"ours": Broken()}, repeat(np.zeros((1, 1), int)), seconds=0)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("n", "rank"), [(1, 1), (5, 1), (6, 1), (8, 1), (9, 2), (15, 4), (20, 6), (99, 40)]
)  # tables of the sign test at 5 %, two-sided
def test_the_interval_of_a_median_lies_between_the_ranks_of_the_sign_test(n: int, rank: int) -> None:
    values = np.random.default_rng(n).permutation(np.arange(1.0, n + 1))
    found = median(values.tolist())
    assert (found.low, found.high) == (rank, n + 1 - rank)
    assert found.middle == (n + 1) / 2


def test_the_interval_holds_the_median_of_skewed_numbers_in_19_of_20_cases() -> None:
    rng = np.random.default_rng(0)
    intervals = [median(rng.exponential(size=15).tolist()) for _ in range(2000)]
    held = np.mean([found.low <= np.log(2) <= found.high for found in intervals])
    assert 0.95 <= held <= 0.98  # 96.5 % for n = 15, give or take 0.4 %
