"""Learning rates, totals and record steps against tables worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchify.core.training.schedules import Constant, Cosine, Cyclic, Schedule, WarmupCosine


def cyclic(
    *,
    eta_min: float = 1e-5,
    eta_max: float = 0.1,
    cycles: int = 3,
    step_size: int = 800,
    growth: float = 1.0,
    decay: float = 1.0,
) -> Cyclic:
    """The assignment's schedule, but for what is given."""
    return Cyclic(eta_min=eta_min, eta_max=eta_max, cycles=cycles, step_size=step_size, growth=growth, decay=decay)


def cosine(
    *,
    eta_min: float = 0.0,
    eta_max: float = 1.0,
    first: int = 4,
    factor: int = 2,
    cycles: int = 2,
    decay: float = 1.0,
) -> Cosine:
    return Cosine(eta_min=eta_min, eta_max=eta_max, T_0=first, T_mult=factor, cycles=cycles, decay=decay)


def warmup_cosine(*, eta_min: float = 0.0, eta_max: float = 1.0, warmup: int = 4, updates: int = 12) -> WarmupCosine:
    return WarmupCosine(eta_min=eta_min, eta_max=eta_max, warmup=warmup, updates=updates)


TABLES: dict[str, tuple[Schedule, dict[int, float]]] = {
    "cyclic": (
        cyclic(),
        {0: 1e-5, 400: 0.050005, 800: 0.1, 1400: 0.0250075, 1600: 1e-5, 2400: 0.1, 4799: 0.0001349875},
    ),
    "growth 2": (
        cyclic(growth=2.0),
        {0: 1e-5, 800: 0.1, 1600: 1e-5, 2400: 0.050005, 3200: 0.1, 4800: 1e-5, 6400: 0.050005, 8000: 0.1},
    ),
    "decay 1/2": (
        cyclic(eta_min=0.0, decay=0.5),
        {0: 0, 400: 0.05, 800: 0.1, 1600: 0, 2000: 0.025, 2400: 0.05, 3200: 0, 4000: 0.025},
    ),
    "cosine": (
        cosine(),
        {0: 1, 1: (2 + math.sqrt(2)) / 4, 2: 0.5, 3: (2 - math.sqrt(2)) / 4, 4: 1, 6: (2 + math.sqrt(2)) / 4, 8: 0.5},
    ),
    "cosine with decay 1/2": (
        cosine(eta_min=0.2, factor=1, cycles=3, decay=0.5),
        {0: 1, 2: 0.6, 4: 0.5, 6: 0.35, 8: 0.25, 10: 0.225},
    ),
    "cosine above a floor": (cosine(eta_min=0.2, factor=1), {0: 1, 2: 0.6, 4: 1, 6: 0.6}),
    "warm-up, then cosine": (
        warmup_cosine(),
        {0: 0.25, 1: 0.5, 3: 1, 4: 1, 6: (2 + math.sqrt(2)) / 4, 8: 0.5, 10: (2 - math.sqrt(2)) / 4},
    ),
    "warm-up, then cosine to a floor": (warmup_cosine(eta_min=0.2, warmup=2, updates=6), {0: 0.5, 1: 1, 2: 1, 4: 0.6}),
    "cosine without warm-up": (warmup_cosine(warmup=0, updates=4), {0: 1, 2: 0.5}),
    "constant": (Constant(eta=0.01, updates=120), {0: 0.01, 60: 0.01, 119: 0.01}),
}


@pytest.mark.parametrize(("schedule", "table"), TABLES.values(), ids=TABLES.keys())
def test_rates_are_those_of_the_table(schedule: Schedule, table: dict[int, float]) -> None:
    for step, rate in table.items():
        assert schedule(step) == pytest.approx(rate, rel=1e-12, abs=1e-17), step  # a few float64 operations


@pytest.mark.parametrize(
    ("schedule", "total"),
    [
        (cyclic(), 4_800),
        (cyclic(growth=2.0), 11_200),
        (cyclic(growth=2.0, cycles=4), 24_000),
        (cyclic(growth=1.5, step_size=10), 2 * (10 + 15 + 22)),
        (cosine(), 12),
        (cosine(factor=1, cycles=5), 20),
        (Constant(eta=0.01, updates=17), 17),
        (warmup_cosine(updates=17), 17),
    ],
)
def test_the_number_of_updates_is_known_beforehand(schedule: Schedule, total: int) -> None:
    assert schedule.total == total


def test_records_come_every_half_step_size_of_the_current_cycle() -> None:
    assert cyclic().records == list(range(0, 4801, 400))
    doubling = [*range(0, 1600, 400), *range(1600, 4800, 800), *range(4800, 11_200, 1600), 11_200]
    assert cyclic(growth=2.0).records == doubling


def test_cosine_records_every_quarter_of_a_cycle_and_those_without_cycles_every_twelfth() -> None:
    assert cosine().records == [0, 1, 2, 3, 4, 6, 8, 10, 12]
    for schedule in (Constant(eta=0.01, updates=120), warmup_cosine(updates=120)):
        assert schedule.records == list(range(0, 121, 10))


def test_a_schedule_of_few_updates_records_none_of_them_twice() -> None:
    assert cyclic(step_size=1, cycles=2).records == [0, 1, 2, 3, 4]
    assert Constant(eta=0.01, updates=1).records == [0, 1]


@settings(deadline=None, max_examples=50)  # a loaded machine is no failure
@given(
    cycles=st.integers(1, 5),
    step_size=st.integers(1, 20),
    growth=st.floats(1, 2),
    decay=st.floats(0.5, 1),
    low=st.floats(0, 0.01),
)
def test_a_cyclic_rate_never_leaves_its_bounds(
    cycles: int, step_size: int, growth: float, decay: float, low: float
) -> None:
    schedule = cyclic(eta_min=low, eta_max=1.0, cycles=cycles, step_size=step_size, growth=growth, decay=decay)
    rates = np.array([schedule(step) for step in range(schedule.total)])
    assert rates.min() == low
    assert rates.max() <= 1 + 1e-12  # rounding
    peaks = [schedule((start + end) // 2) for start, end in zip(schedule.bounds[:-1], schedule.bounds[1:], strict=True)]
    assert peaks == pytest.approx([decay**cycle for cycle in range(cycles)])


@settings(deadline=None, max_examples=50)
@given(warmup=st.integers(0, 50), cosine=st.integers(1, 200), low=st.floats(0, 1))
def test_a_warm_up_rises_evenly_to_eta_max_and_the_cosine_falls_from_there_without_a_jump(
    warmup: int, cosine: int, low: float
) -> None:
    schedule = warmup_cosine(eta_min=low, warmup=warmup, updates=warmup + cosine)
    rates = np.array([schedule(step) for step in range(schedule.total + 1)])  # and where the cosine ends
    np.testing.assert_allclose(np.diff(rates[:warmup], prepend=0.0), 1 / max(warmup, 1), atol=1e-12)  # rounding
    falls = -np.diff(rates[warmup:])
    assert rates[warmup] == 1
    assert rates[-1] == pytest.approx(low, abs=1e-12)
    assert np.all(falls >= 0)
    assert falls.max() <= (1 - low) * math.pi / 2 / cosine + 1e-12  # the steepest slope of a cosine


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"warmup": -1}, r"warmup must lie in 0\.\.11, below updates: got -1; choose a few hundred"),
        ({"warmup": 12}, r"warmup must lie in 0\.\.11, below updates: got 12"),
        ({"updates": 0}, "updates must be at least 1: got 0"),
        ({"eta_min": 2.0}, "eta_min must not exceed eta_max=1.0: got 2.0"),
        ({"eta_max": math.nan}, "eta_max must be positive and finite: got nan"),
    ],
)
def test_an_impossible_warm_up_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        warmup_cosine(**changes)  # type: ignore[arg-type]


IMPOSSIBLE = [
    ({"eta_min": -1.0}, "eta_min must be at least 0: got -1.0; choose 0 or more"),
    ({"eta_min": math.nan}, "eta_min must be at least 0: got nan"),
    ({"eta_min": 0.2}, "eta_min must not exceed eta_max=0.1: got 0.2; swap or change the two"),
    ({"eta_min": 0.0, "eta_max": 0.0}, "eta_max must be positive and finite: got 0.0; choose about 0.1"),
    ({"eta_max": math.inf}, "eta_max must be positive and finite: got inf"),
    ({"cycles": 0}, "cycles must be at least 1: got 0; choose 1 or more"),
    ({"step_size": 0}, "step_size must be at least 1: got 0; choose 1 or more"),
    ({"growth": 0.5}, "growth must be at least 1 and finite: got 0.5; choose 1 or 2"),
    ({"growth": math.inf}, "growth must be at least 1 and finite: got inf"),
    ({"decay": 0.0}, r"decay must lie in \(0, 1\]: got 0.0; choose 1 for a constant eta_max"),
    ({"decay": 1.5}, r"decay must lie in \(0, 1\]: got 1.5"),
    (
        {"eta_min": 0.05, "decay": 0.5},
        "decay must keep eta_max above eta_min=0.05 to the last cycle, which reaches 0.025: got 0.5; raise it to",
    ),
]


@pytest.mark.parametrize(("changes", "message"), IMPOSSIBLE)
def test_an_impossible_cyclic_schedule_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cyclic(**changes)  # type: ignore[arg-type]  # cycles and step_size are ints, which floats stand for here


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": 0}, "T_0 must be at least 1: got 0; choose 1 or more"),
        ({"factor": 0}, "T_mult must be at least 1: got 0"),
        ({"cycles": 0}, "cycles must be at least 1: got 0"),
        ({"eta_min": 2.0}, "eta_min must not exceed eta_max=1.0: got 2.0"),
        ({"decay": 2.0}, r"decay must lie in \(0, 1\]: got 2.0; choose 1 for a constant eta_max"),
        ({"eta_min": 0.6, "decay": 0.5}, "decay must keep eta_max above eta_min=0.6 to the last cycle, which reaches"),
    ],
)
def test_an_impossible_cosine_schedule_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cosine(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("eta", "updates", "message"),
    [
        (0.0, 10, "eta must be positive and finite: got 0.0; choose about 0.01"),
        (math.nan, 10, "eta must be positive and finite: got nan"),
        (0.1, 0, "updates must be at least 1: got 0; choose 1 or more"),
    ],
)
def test_an_impossible_constant_schedule_is_refused(eta: float, updates: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Constant(eta=eta, updates=updates)


@pytest.mark.parametrize(("record_every", "marks"), [(None, [0, 2, 4, 6, 8]), (3, [0, 3, 6, 8]), (4, [0, 4, 8])])
def test_records_are_made_as_the_schedule_says_or_every_so_many_updates(
    record_every: int | None, marks: list[int]
) -> None:
    assert cyclic(cycles=1, step_size=4).marks(record_every) == marks
