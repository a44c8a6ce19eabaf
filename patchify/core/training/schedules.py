"""Learning rate schedules: a schedule maps the number of updates done to the rate of the next one.

A schedule knows its length beforehand (`total`) and at which updates it asks for a record (`records`).
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise

from patchify.core.rules import at_least, require


@dataclass(slots=True, kw_only=True)
class Schedule:
    """What all schedules share: a row of cycles."""

    def __call__(self, step: int) -> float:
        """Learning rate of the update after `step` updates."""
        raise NotImplementedError(f"{type(self).__name__} must give the rate of a step")

    @property
    def cycle_lengths(self) -> list[int]:
        """Updates in each cycle."""
        raise NotImplementedError(f"{type(self).__name__} must give the lengths of its cycles")

    @property
    def bounds(self) -> list[int]:
        """Update at which each cycle begins, then the total."""
        return [0, *accumulate(self.cycle_lengths)]

    @property
    def total(self) -> int:
        """Updates in all."""
        return self.bounds[-1]

    @property
    def records(self) -> list[int]:
        """Updates to record at: the start, every quarter of a cycle (half a step size), and the last."""
        quarters = {start + (end - start) * i // 4 for start, end in pairwise(self.bounds) for i in range(4)}
        return sorted(quarters | {self.total})

    def marks(self, record_every: int | None) -> list[int]:
        """Updates to record at: `records`, or every `record_every` updates if given, and the last."""
        return self.records if record_every is None else [*range(0, self.total, record_every), self.total]

    def cycle_at(self, step: int) -> tuple[int, float]:
        """The cycle that `step` falls in, and the fraction of it that is done, in [0, 1)."""
        bounds = self.bounds
        cycle = min(bisect_right(bounds, step), len(bounds) - 1) - 1
        return cycle, (step - bounds[cycle]) / (bounds[cycle + 1] - bounds[cycle])


def _require_rates(eta_min: float, eta_max: float) -> None:
    require(0 < eta_max < math.inf, "eta_max", "must be positive and finite", eta_max, "choose about 0.1")
    at_least(0, "eta_min", eta_min)
    require(eta_min <= eta_max, "eta_min", f"must not exceed eta_max={eta_max}", eta_min, "swap or change the two")


def _require_length(first: int, factor: float, cycles: int, name: str) -> None:
    """Refuse a row of cycles, each `factor` times as long as the one before, that nobody will see the end of."""
    magnitude = math.log10(cycles) + math.log10(first) + (cycles - 1) * math.log10(factor)
    rule = f"must keep {cycles} cycles, the first of {first}, below some ten million updates"
    require(magnitude <= 7, name, rule, factor, "choose fewer or shorter cycles")


@dataclass(slots=True, kw_only=True)
class ManyCycles(Schedule):
    """What schedules with cycles share: `decay` multiplies eta_max from each to the next."""

    eta_min: float
    eta_max: float
    cycles: int
    decay: float

    def __post_init__(self) -> None:
        _require_rates(self.eta_min, self.eta_max)
        at_least(1, "cycles", self.cycles)
        require(0 < self.decay <= 1, "decay", "must lie in (0, 1]", self.decay, "choose 1 for a constant eta_max")
        lowest = self.eta_max * self.decay ** (self.cycles - 1)
        rule = f"must keep eta_max above eta_min={self.eta_min} to the last cycle, which reaches {lowest:g}"
        require(lowest >= self.eta_min, "decay", rule, self.decay, "raise it towards 1")

    def rate(self, cycle: int, height: float) -> float:
        """The rate at a height in [0, 1] between eta_min and the cycle's own eta_max."""
        return self.eta_min + height * (self.eta_max * self.decay**cycle - self.eta_min)


@dataclass(slots=True, kw_only=True)
class Cyclic(ManyCycles):
    """Triangular cyclical learning rate (Smith 2017, "Cyclical learning rates for training neural networks").

    In each cycle the rate rises linearly from eta_min to eta_max in `step_size` updates and falls back in as many.
    `growth` multiplies the step size from cycle to cycle (2 in eq. 25), `decay` multiplies eta_max.

    >>> schedule = Cyclic(eta_min=0.0, eta_max=1.0, cycles=2, step_size=4, growth=2.0, decay=0.5)
    >>> schedule.total
    24
    >>> [schedule(step) for step in (0, 2, 4, 6, 8, 16)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """

    step_size: int
    growth: float

    def __post_init__(self) -> None:
        ManyCycles.__post_init__(self)  # super() without arguments fails in classes with slots
        at_least(1, "step_size", self.step_size)
        require(1 <= self.growth < math.inf, "growth", "must be at least 1 and finite", self.growth, "choose 1 or 2")
        _require_length(self.step_size, self.growth, self.cycles, "growth")

    @property
    def cycle_lengths(self) -> list[int]:
        return [2 * round(self.step_size * self.growth**cycle) for cycle in range(self.cycles)]

    def __call__(self, step: int) -> float:
        cycle, done = self.cycle_at(step)
        return self.rate(cycle, 1 - abs(2 * done - 1))


@dataclass(slots=True, kw_only=True)
class Cosine(ManyCycles):
    """Cosine annealing with warm restarts (Loshchilov and Hutter 2017, "SGDR", eq. 5).

    eta = eta_min + (eta_max - eta_min) (1 + cos(pi t / T_i)) / 2, where t updates of the cycle's T_i are done.
    The first cycle takes `T_0` updates, each later one `T_mult` times as many as the one before; `decay` multiplies
    eta_max from restart to restart.
    """

    T_0: int
    T_mult: int

    def __post_init__(self) -> None:
        ManyCycles.__post_init__(self)
        at_least(1, "T_0", self.T_0)
        at_least(1, "T_mult", self.T_mult)
        _require_length(self.T_0, float(self.T_mult), self.cycles, "T_mult")

    @property
    def cycle_lengths(self) -> list[int]:
        return [self.T_0 * self.T_mult**cycle for cycle in range(self.cycles)]

    def __call__(self, step: int) -> float:
        cycle, done = self.cycle_at(step)
        return self.rate(cycle, (1 + math.cos(math.pi * done)) / 2)


@dataclass(slots=True, kw_only=True)
class OneCycle(Schedule):
    """What schedules without cycles share: all `updates` are one, with a record every twelfth of them."""

    updates: int

    @property
    def cycle_lengths(self) -> list[int]:
        return [self.updates]

    @property
    def records(self) -> list[int]:
        return sorted({self.updates * i // 12 for i in range(13)})


@dataclass(slots=True, kw_only=True)
class WarmupCosine(OneCycle):
    """A linear rise to eta_max in `warmup` updates (Goyal et al. 2017, section 2.2), then one cosine down to eta_min.

    >>> schedule = WarmupCosine(eta_min=0.0, eta_max=1.0, warmup=4, updates=12)
    >>> [round(schedule(step), 3) for step in (0, 3, 4, 8, 11)]
    [0.25, 1.0, 1.0, 0.5, 0.038]
    """

    eta_min: float
    eta_max: float
    warmup: int

    def __post_init__(self) -> None:
        _require_rates(self.eta_min, self.eta_max)
        at_least(1, "updates", self.updates)
        rule = f"must lie in 0..{self.updates - 1}, below updates"
        require(0 <= self.warmup < self.updates, "warmup", rule, self.warmup, "choose a few hundred")

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return self.eta_max * (step + 1) / self.warmup
        done = (step - self.warmup) / (self.updates - self.warmup)
        return self.eta_min + (self.eta_max - self.eta_min) * (1 + math.cos(math.pi * done)) / 2


@dataclass(slots=True, kw_only=True)
class Constant(OneCycle):
    """The same rate `eta` for all `updates` updates."""

    eta: float

    def __post_init__(self) -> None:
        require(0 < self.eta < math.inf, "eta", "must be positive and finite", self.eta, "choose about 0.01")
        at_least(1, "updates", self.updates)

    def __call__(self, step: int) -> float:
        return self.eta


SCHEDULES: tuple[type[Schedule], ...] = (Cyclic, Cosine, WarmupCosine, Constant)
"""All there are; in configs they go by their names in lower case."""
