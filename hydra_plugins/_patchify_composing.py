"""The configs of a sweep's jobs, as Hydra composes them, at a tenth of its price."""

import copy
from collections.abc import Sequence
from functools import cache

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf


def compose_all(loader: ConfigLoader, sweep: DictConfig, jobs: Sequence[list[str]]) -> list[DictConfig]:
    """A config for each job, which is a list of overrides.

    Hydra composes one for each choice of options; jobs that differ from it in values alone get a copy with theirs: they
    are the last thing that Hydra looks at, too. Measured: 120 ms for the one, 20 ms for the other.
    """
    parser = OverridesParser.create(config_loader=loader)
    is_group = cache(lambda key: bool(loader.get_group_options(key)))
    known: dict[tuple[str, ...], DictConfig] = {}
    configs = []
    for job in jobs:
        overrides = parser.parse_overrides(job)
        values = [override for override in overrides if _is_value(override) and not is_group(override.key_or_group)]
        shape = tuple(
            override.key_or_group if override in values else str(override.input_line) for override in overrides
        )
        if shape in known:
            configs.append(_with_values(known[shape], overrides, values))
        else:
            configs.append(loader.load_sweep_config(sweep, job))
            known[shape] = copy.deepcopy(configs[-1])
    return configs


def _is_value(override: Override) -> bool:
    """Whether it changes what is there, as seed=1 does, to a number, a text, nothing, or a list."""
    changes = not (override.is_add() or override.is_force_add() or override.is_delete() or override.is_hydra_override())
    return changes and override.package is None and not isinstance(override.value(), dict)


def _with_values(composed: DictConfig, overrides: Sequence[Override], values: Sequence[Override]) -> DictConfig:
    config = copy.deepcopy(composed)
    for override in values:
        OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
    of_job = [override for override in overrides if not override.is_hydra_override()]
    config.hydra.overrides.task = [override.input_line for override in of_job]
    how = config.hydra.job.config.override_dirname
    config.hydra.job.override_dirname = get_overrides_dirname(
        overrides=of_job, kv_sep=how.kv_sep, item_sep=how.item_sep, exclude_keys=how.exclude_keys
    )
    return config
