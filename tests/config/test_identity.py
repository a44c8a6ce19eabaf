"""The run key: everything that decides the numbers, and nothing else."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from functools import reduce
from itertools import permutations
from typing import Any, get_type_hints

import hypothesis
import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st

from patchify.config.catalog import register_resolvers
from patchify.config.composing import register_schemas
from patchify.config.door import to_run
from patchify.config.identity import differing_settings, label, run_key, settings, shared_words, without
from patchify.config.names import CONF
from patchify.config.schema import Chart, ChartKind, Dtype, Run, Tracking
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import EvaluationSettings
from patchify.core.model.losses import Regularizer
from patchify.core.training.optimizers import SGD, AdamW
from patchify.core.training.preconditioning import Preconditioning
from patchify.core.training.schedules import Constant, Cosine, Cyclic, WarmupCosine
from patchify.data.cifar10 import Cifar10
from patchify.data.textures import Textures


def a_run() -> Run:
    return Run(
        data=Cifar10(root=None, official_only=False, validation=1000, split_seed=0),
        architecture=Architecture(filter_sizes=[4], filter_counts=[10], hidden=[50]),
        schedule=CYCLIC,
        regularizer=Regularizer(l2=0.003, label_smoothing=0.0),
        optimizer=SGD(momentum=0.0),
        augmentation=Augmentation(),
        preconditioning=Preconditioning(),
        evaluation=EvaluationSettings(),
        seed=0,
        batch_size=100,
        dtype=Dtype.float32,
        threads=1,
        record_every=None,
        study="scratch",
        baseline=None,
        question="What came out?",
        charts={},
        plan=False,
        rerun=False,
        tracking=Tracking(uri=None, folder="mlruns"),
    )


CHART = Chart(kind=ChartKind.bars, show=["test_accuracy"], title="x")
CYCLIC = Cyclic(eta_min=1e-5, eta_max=0.1, cycles=3, step_size=800, growth=1.0, decay=1.0)

KINDS = {
    "cyclic": a_run(),
    "cosine": replace(a_run(), schedule=Cosine(eta_min=1e-5, eta_max=0.1, T_0=1600, T_mult=2, cycles=3, decay=1.0)),
    "constant": replace(a_run(), schedule=Constant(eta=0.01, updates=4800)),
    "warm-up": replace(a_run(), schedule=WarmupCosine(eta_min=0.0, eta_max=0.1, warmup=500, updates=4800)),
    "adamw": replace(a_run(), optimizer=AdamW(beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01)),
    "textures": replace(a_run(), data=Textures(seed=0, train=50000, test=10000, validation=1000, split_seed=0)),
}
"""Together they have every field that a run can have."""

DECISIVE = {
    *("seed", "batch_size", "dtype", "threads", "record_every"),
    *("architecture.filter_sizes", "architecture.filter_counts", "architecture.hidden"),
    *("regularizer.l2", "regularizer.label_smoothing"),
    *("regularizer.dropout_responses", "regularizer.dropout_hidden"),
    *("optimizer.momentum", "optimizer.nesterov"),
    *("optimizer.beta1", "optimizer.beta2", "optimizer.epsilon", "optimizer.weight_decay"),
    *("augmentation.flip", "augmentation.shift", "augmentation.border", "augmentation.cutout"),
    *("preconditioning.whiten", "preconditioning.center"),
    *("evaluation.parameters", "evaluation.ema_decay", "evaluation.test", "evaluation.view_shift"),
    *("schedule.eta_min", "schedule.eta_max", "schedule.cycles", "schedule.step_size", "schedule.growth"),
    *("schedule.decay", "schedule.T_0", "schedule.T_mult", "schedule.eta", "schedule.updates", "schedule.warmup"),
    *("data.validation", "data.split_seed", "data.seed", "data.train", "data.test"),
}
NOT_DECISIVE = {
    *("study", "question", "baseline", "charts", "plan", "rerun", "tracking.uri", "tracking.folder"),
    *("data.root", "data.official_only"),
}
"""Names, places, displays, and what is done with jobs."""


def fields_of(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The key of every field below a dataclass, and its type."""
    for name, kind in get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        if is_dataclass(value):
            yield from fields_of(value, f"{prefix}{name}.")
        else:
            yield prefix + name, kind


FIELDS = {key: (run, kind) for run in KINDS.values() for key, kind in fields_of(run)}


def with_field(run: Run, key: str, value: object) -> Run:
    """A copy with another value, whether or not it could be run."""
    copied = deepcopy(run)
    *groups, field = key.split(".")
    setattr(reduce(getattr, groups, copied), field, value)
    return copied


def test_of_every_field_it_is_known_whether_it_decides_the_numbers() -> None:
    assert set(FIELDS) == DECISIVE | NOT_DECISIVE, "write a new field into the set where it belongs"


@pytest.mark.parametrize("key", FIELDS)
@given(data=st.data())
@hypothesis.settings(max_examples=20, deadline=None)
def test_every_field_that_decides_the_numbers_changes_the_key_and_no_other_does(key: str, data: st.DataObject) -> None:
    run, kind = FIELDS[key]
    values = st.just({"x": CHART}) if key == "charts" else st.from_type(kind)
    value = reduce(getattr, key.split("."), run)
    changed = with_field(run, key, data.draw(values.filter(lambda other: other != value)))
    assert (run_key(changed, "d") != run_key(run, "d")) == (key in DECISIVE)


def test_every_kind_of_data_schedule_and_optimizer_changes_the_key() -> None:
    assert len({run_key(run, "d") for run in KINDS.values()}) == len(KINDS)


def test_the_order_of_keys_does_not_change_the_key() -> None:
    register_schemas()
    register_resolvers()
    words = ["data=textures", "schedule.cycles=2", "architecture=arch3"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        runs = [to_run(compose("config", list(order))) for order in permutations(words)]
    backwards = replace(runs[0], **{field.name: getattr(runs[0], field.name) for field in reversed(fields(Run))})
    assert len({run_key(run, "d") for run in [*runs, backwards]}) == 1


def test_other_data_under_the_same_name_change_the_key() -> None:
    assert run_key(a_run(), "d") != run_key(a_run(), "e")


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


def test_the_settings_in_which_runs_differ_are_told_the_seed_last() -> None:
    runs = [a_run(), replace(a_run(), threads=2), replace(a_run(), threads=2, seed=7, question="Why?")]
    assert differing_settings(runs) == ["threads", "seed"]
    assert differing_settings(runs[:1]) == []


def test_labels_lose_what_they_share_but_their_first_word() -> None:
    labels = ["arch1 · textures · l2=0", "arch1 · textures · l2=1"]
    assert [without(name, shared_words(labels)) for name in labels] == ["arch1 · l2=0", "arch1 · l2=1"]
