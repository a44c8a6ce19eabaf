"""A search: the settings that all its trials share, and those that they differ in; a YAML file in `conf/search/`."""

import enum
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from patchify.config.composing import Composed, compose_run
from patchify.config.door import ConfigError, explain
from patchify.config.names import CONF, nearest, options
from patchify.core.rules import at_least, require

Value = int | float | str
"""Of a setting."""

FIXED = ("evaluation.test", "study", "question", "plan", "rerun")
"""Settings that every search decides for itself, as Hydra's: no trial may see the test images."""


class Sampler(enum.Enum):
    """Where the next trial's values come from.

    random: anywhere; tpe: where good trials are denser than others (Bergstra et al. 2011); coarse_to_fine: anywhere
    around the best, in a part of the range that gets smaller
    """

    random = "random"
    tpe = "tpe"
    coarse_to_fine = "coarse_to_fine"


@dataclass(slots=True, kw_only=True)
class Dimension:
    """The values that one setting may take: a range, or some choices.

    low, high: the ends, which belong to the range; it is of whole numbers where both are
    log: whether ratios count, and not differences
    """

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.choices:
            require(
                self.low is self.high is None, "choices", "must stand alone", self.choices, "take low and high away"
            )
            plain = all(isinstance(choice, int | float | str) for choice in self.choices)
            require(plain, "choices", "must be numbers or text", self.choices, 'write a list as text, "[4]"')
            require(len(set(self.choices)) > 1, "choices", "must be two at least", self.choices, "add one")
            require(not self.log, "log", "must be false for choices", self.log, "take it away")
            return
        low, high = self.low, self.high
        if low is None or high is None:
            raise ValueError(f"low and high must be given unless there are choices: got {low} and {high}; add them")
        require(-math.inf < low < high < math.inf, "low", f"must be below high={high}, both finite", low, "swap them")
        require(low > 0 or not self.log, "low", "must be positive where log is true", low, "raise it, or log: false")

    @property
    def whole(self) -> bool:
        """Whether the range is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def ends(self) -> list[Value]:
        """Values that must be possible for all others to be: all choices, or both ends."""
        return self.choices or [self.low or 0, self.high or 0]


@dataclass(slots=True, kw_only=True)
class Search:
    """What is looked for, and how.

    base: settings that all trials share; space: settings that they differ in
    seed: of the sampler; explore: trials that it draws from the whole space before it learns from them
    trials: how many there shall be; pruning: whether trials that fall behind are broken off
    """

    question: str
    base: dict[str, Any]
    space: dict[str, Dimension]
    sampler: Sampler
    seed: int
    explore: int
    trials: int
    pruning: bool

    def __post_init__(self) -> None:
        at_least(0, "seed", self.seed)
        at_least(1, "explore", self.explore)
        at_least(1, "trials", self.trials)
        require(len(self.space) > 0, "space", "must not be empty", "none", "name a setting, with low and high")

    def overrides(self, values: Mapping[str, Value]) -> list[str]:
        """What a trial with these values is composed from."""
        return [*self.words({**self.base, **values}), "evaluation.test=false"]

    @staticmethod
    def words(values: Mapping[str, object]) -> list[str]:
        """Settings as on a command line.

        >>> Search.words({"architecture.hidden": [50], "optimizer": "adamw", "regularizer.l2": 1e-05})
        ['architecture.hidden=[50]', 'optimizer=adamw', 'regularizer.l2=1e-05']
        """
        return [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in values.items()]

    def composed(self, values: Mapping[str, Value]) -> Composed:
        """The run of a trial with these values. Raises ConfigError where it can't be run."""
        return compose_run(self.overrides(values))


def read_search(name: str, changes: list[str]) -> Search:
    """The search of this name in `conf/search/`, or in a file `….yaml`; its trials all with these changes, KEY=VALUE.

    Raises ConfigError for one that there is not, or that can't be run.
    """
    path = Path(name) if name.endswith(".yaml") else CONF / "search" / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(f"NAME must name a search: there is no {name}; {nearest(name, options('search'))}")
    where = " with ".join(filter(None, [str(path), " ".join(changes)]))
    try:
        search = _to_search(_mapping(path))
        for change in changes:
            key, value = _single(change)
            search.base[key] = value
        _check(search)
        search.base |= {"study": f"search-{path.stem}"}
    except (OmegaConfBaseException, OverrideParseException) as error:
        raise ConfigError(f"{explain(error)} (in {where})") from error
    except (ConfigError, ValueError) as error:
        raise ConfigError(f"{error} (in {where})") from error
    return search


def _mapping(path: Path) -> DictConfig:
    try:
        config = OmegaConf.load(path)
    except (OSError, YAMLError) as error:  # OSError also for a number alone
        raise ConfigError(f"a search must be a file of YAML: {' '.join(str(error).split())}; mend it") from error
    if not isinstance(config, DictConfig):
        raise ConfigError("a search must be a mapping of keys to values: got a list; see docs/searches.md")
    return config


def _single(change: str) -> tuple[str, str]:
    """A setting that all trials share, and its value."""
    _, equals, value = change.partition("=")
    require(bool(equals), change, "must read KEY=VALUE", "no =", "add the value")
    (parsed,) = OverridesParser.create().parse_overrides([change])
    key, remedy = parsed.key_or_group, "what is searched is in the file's space"
    require(not parsed.is_sweep_override(), key, "must have one value", value, remedy)
    return key, value


def _to_search(config: DictConfig) -> Search:
    merged = OmegaConf.merge(OmegaConf.structured(Search), config)
    for key in sorted(OmegaConf.missing_keys(merged)):
        raise ConfigError(f"{key} must be given: the file lacks it; add it, as the files in conf/search/ have it")
    for key in merged.space:
        try:
            OmegaConf.to_object(merged.space[key])
        except ValueError as error:
            raise ConfigError(f"space.{key}.{error}") from error
    return cast("Search", OmegaConf.to_object(merged))


def _check(search: Search) -> None:
    """Refuse what some trial would be refused for; each end and choice of each setting is tried once at least."""
    for key in search.space:
        require(key not in search.base, key, "must be left to the search", "a value", "take it out of what all share")
    for key in [*search.space, *search.base]:
        fixed = key in FIXED or key.startswith("hydra")
        require(not fixed, key, "must be left alone", "a value", "every search decides it by itself")
    for number in range(max(len(dimension.ends) for dimension in search.space.values())):
        search.composed({key: at.ends[min(number, len(at.ends) - 1)] for key, at in search.space.items()})
