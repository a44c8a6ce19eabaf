"""The run key: everything that decides the numbers, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from patchify.config.identity import label, run_key, settings
from patchify.config.schema import Chart, ChartKind, Dtype, Run, Tracking
from patchify.core.architecture import Architecture
from patchify.core.losses import Regularizer
from patchify.core.optimizers import SGD
from patchify.core.schedules import Constant, Cyclic
from patchify.data.cifar10 import Cifar10


def a_run() -> Run:
    return Run(
        data=Cifar10(root=None, official_only=False, validation=1000, split_seed=0),
        architecture=Architecture(filter_sizes=[4], filter_counts=[10], hidden=[50]),
        schedule=CYCLIC,
        regularizer=Regularizer(l2=0.003, label_smoothing=0.0),
        optimizer=SGD(momentum=0.0),
        seed=0,
        batch_size=100,
        dtype=Dtype.float32,
        threads=1,
        record_every=None,
        study="scratch",
        question="What came out?",
        charts={},
        tracking=Tracking(uri=None, folder="mlruns"),
    )


CYCLIC = Cyclic(eta_min=1e-5, eta_max=0.1, cycles=3, step_size=800, growth=1.0, decay=1.0)

CHANGES: dict[str, dict[str, Any]] = {
    "seed": {"seed": 1},
    "batch_size": {"batch_size": 50},
    "dtype": {"dtype": Dtype.float64},
    "threads": {"threads": 2},
    "record_every": {"record_every": 10},
    "split_seed": {"data": replace(a_run().data, split_seed=1)},
    "validation": {"data": replace(a_run().data, validation=500)},
    "filters": {"architecture": Architecture(filter_sizes=[4], filter_counts=[11], hidden=[50])},
    "schedule": {"schedule": Constant(eta=0.1, updates=4800)},
    "rate": {"schedule": replace(CYCLIC, eta_max=0.2)},
    "l2": {"regularizer": Regularizer(l2=0.0, label_smoothing=0.0)},
    "momentum": {"optimizer": SGD(momentum=0.9)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_decides_the_numbers_changes_the_key(name: str) -> None:
    assert run_key(replace(a_run(), **CHANGES[name]), "d") != run_key(a_run(), "d")


def test_other_data_under_the_same_name_change_the_key() -> None:
    assert run_key(a_run(), "d") != run_key(a_run(), "e")


def test_names_places_and_displays_do_not_change_the_key() -> None:
    elsewhere = replace(
        a_run(),
        study="other",
        question="Why?",
        charts={"x": Chart(kind=ChartKind.bars, show=["test_accuracy"], title="x")},
        tracking=Tracking(uri="http://localhost:5000", folder="elsewhere"),
        data=Cifar10(root="/elsewhere", official_only=True, validation=1000, split_seed=0),
    )
    assert run_key(elsewhere, "d") == run_key(a_run(), "d")


def test_settings_are_named_as_on_the_command_line() -> None:
    flat = settings(a_run())
    assert flat["architecture.filter_counts"] == "[10]"
    assert flat["schedule"] == "cyclic"
    assert flat["dtype"] == "float32"
    assert not any(key.startswith(("tracking", "charts", "study", "data.root")) for key in flat)


def test_a_run_is_named_after_what_was_chosen_for_it() -> None:
    choices = {"architecture": "arch3", "schedule": "cosine", "data": "cifar10"}
    overrides = ["schedule=cosine", "+architecture.hidden=[9]", "seed=4", "study=x", "tracking.folder=y", "data.root=z"]
    assert label(choices, overrides) == "arch3 · cosine · hidden=[9]"
