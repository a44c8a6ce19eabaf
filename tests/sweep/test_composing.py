"""A sweep's jobs are composed as Hydra composes each of them."""

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from hydra_plugins._patchify_composing import compose_all
from patchify.config.catalog import register_resolvers
from patchify.config.composing import register_schemas
from patchify.config.names import CONF

JOBS = [
    ["architecture=arch1", "seed=0", "regularizer.l2=0.1"],
    ["architecture=arch1", "seed=1", "regularizer.l2=1e-3"],
    ["architecture=arch2", "seed=1", "regularizer.l2=0.1"],
    ["architecture=arch1", "seed=2", "regularizer.l2=0"],
    ["seed=2", "architecture=arch1", "regularizer.l2=0.5"],
    ["architecture.hidden=[10]", "study='a b'", "record_every=null"],
    ["architecture.hidden=[20,30]", "study=c", "record_every=5"],
    ["schedule=constant", "schedule.updates=10"],
    ["schedule=constant", "schedule.updates=20"],
    ["experiment=label_smoothing", "regularizer.label_smoothing=0", "seed=0"],
    ["experiment=label_smoothing", "regularizer.label_smoothing=0.1", "seed=1"],
    ["++batch_size=50", "seed=3"],
    ["++batch_size=60", "seed=3"],
    ["recipe=with/momentum", "seed=4"],
    ["recipe=with/momentum", "seed=5"],
]


@pytest.fixture
def loader() -> ConfigLoaderImpl:
    register_schemas()
    register_resolvers()
    return ConfigLoaderImpl(create_config_search_path(f"file://{CONF}"))


def everything(config: DictConfig) -> object:
    return OmegaConf.to_container(config, resolve=False, enum_to_str=True)


def test_each_job_has_what_hydra_composes_for_it_alone(loader: ConfigLoaderImpl) -> None:
    sweep = loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN)
    composed = compose_all(loader, sweep, JOBS)
    for job, config in zip(JOBS, composed, strict=True):
        alone = loader.load_sweep_config(sweep, job)
        assert everything(config) == everything(alone), job
        assert OmegaConf.get_type(config.schedule) is OmegaConf.get_type(alone.schedule)


def test_a_value_that_does_not_fit_is_refused_in_whichever_job(loader: ConfigLoaderImpl) -> None:
    sweep = loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN)
    with pytest.raises(Exception, match="seed"):
        compose_all(loader, sweep, [["seed=0"], ["seed=many"]])
