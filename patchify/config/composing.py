"""Runs composed from overrides alone, without Hydra's command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from patchify.config.catalog import register_resolvers
from patchify.config.door import ConfigError, check_choices, explain, to_run
from patchify.config.names import CONF
from patchify.config.schema import KINDS, Run


@dataclass(slots=True, kw_only=True, frozen=True)
class Composed:
    """A run, the option of each config group that it was composed from, if any, and all its settings as YAML."""

    run: Run
    choices: dict[str, str]
    yaml: str


def register_schemas() -> None:
    """Tell Hydra the types of all keys; `schema/...` is what the YAML files of `conf/` begin from."""
    store = ConfigStore.instance()
    store.store(name="run_schema", node=Run)
    for group, kinds in KINDS.items():
        for kind in kinds:
            store.store(group=f"schema/{group}", name=kind.__name__.lower(), node=kind)


def compose_run(overrides: Sequence[str]) -> Composed:
    """The run that `patchify` makes of these overrides. Raises ConfigError where it can't be run."""
    register_schemas()
    register_resolvers()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("config", list(overrides), return_hydra_config=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(explain(error)) from error
    choices = config.hydra.runtime.choices
    check_choices(choices, overrides)
    with open_dict(config):
        del config["hydra"]
    chosen = {str(key): str(choices[key]) for key in choices if choices[key] is not None}
    return Composed(run=to_run(config), choices=chosen, yaml=as_yaml(config))


def as_yaml(config: DictConfig) -> str:
    """A composed config as it is kept with its run: without the store's address, which may hold a password."""
    kept = [str(key) for key in config if key not in {"hydra", "tracking"}]
    return OmegaConf.to_yaml(OmegaConf.masked_copy(config, kept), resolve=True)
