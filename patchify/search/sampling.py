"""Where the values of the next trial come from."""

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from patchify.config.search import Dimension, Sampler, Search, Value

FINER = 4
"""How many times smaller the part of a range is that each round of trials is drawn from."""


def sampler(search: Search, number: int) -> BaseSampler:
    """For one trial: its draws depend on the search's seed and on its number, in whichever process it is made."""
    seed = int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
    match search.sampler:
        case Sampler.random:
            return RandomSampler(seed)
        case Sampler.coarse_to_fine:
            return CoarseToFine(seed, search.explore)
        case Sampler.tpe:
            with warnings.catch_warnings(action="ignore", category=ExperimentalWarning):  # both have been for years
                # constant_liar: what other workers try just now counts as bad, so that it is not tried twice
                return TPESampler(n_startup_trials=search.explore, seed=seed, multivariate=True, constant_liar=True)


class CoarseToFine(RandomSampler):
    """Random search in rounds of `explore` trials, each in a part around the best so far, FINER times smaller."""

    def __init__(self, seed: int, explore: int) -> None:
        super().__init__(seed)
        self.explore = explore

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A value from the part of the range that this trial's round is about."""
        done = [other for other in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if other.values]
        if done and isinstance(param_distribution, FloatDistribution | IntDistribution):
            best = max(done, key=lambda other: other.values[0]).params[param_name]
            param_distribution = _part(param_distribution, best, FINER ** -(trial.number // self.explore))
        return super().sample_independent(study, trial, param_name, param_distribution)


def _part(whole: FloatDistribution | IntDistribution, centre: float, share: float) -> BaseDistribution:
    """The share of a range around a number, moved where it would stick out."""
    scale, back = (math.log, math.exp) if whole.log else (float, float)
    low, high = scale(whole.low), scale(whole.high)
    width = share * (high - low)
    begin = min(max(scale(centre) - width / 2, low), high - width)
    ends = max(back(begin), whole.low), min(back(begin + width), whole.high)
    if isinstance(whole, IntDistribution):
        return IntDistribution(math.floor(ends[0]), math.ceil(ends[1]), log=whole.log)
    return FloatDistribution(*ends, log=whole.log)


def draw(trial: Trial, space: Mapping[str, Dimension]) -> dict[str, Value]:
    """The trial's values, drawn where it has none yet."""
    return rounded({key: _drawn(trial, key, dimension) for key, dimension in space.items()})


def _drawn(trial: Trial, key: str, dimension: Dimension) -> Value:
    low, high = dimension.low, dimension.high
    if low is None or high is None:
        choice: Value = trial.suggest_categorical(key, dimension.choices)
        return choice
    if dimension.whole:
        return trial.suggest_int(key, int(low), int(high), log=dimension.log)
    return trial.suggest_float(key, low, high, log=dimension.log)


def rounded(values: Mapping[str, Value]) -> dict[str, Value]:
    """To three digits, which people can read; finer differences drown in noise."""
    return {key: float(f"{value:.3g}") if isinstance(value, float) else value for key, value in values.items()}
