"""The studies and presets that come along: they compose to what the assignment asks for."""

from itertools import product
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, open_dict

from patchify.config.catalog import GROUPS, command, register_resolvers, study
from patchify.config.composing import compose_run, register_schemas
from patchify.config.door import ConfigError, to_run
from patchify.config.names import CONF, options
from patchify.config.schema import ChartKind, Run
from patchify.core.images.augmentation import Augmentation
from patchify.core.images.moves import Border
from patchify.core.model.evaluation import Evaluated, EvaluationSettings
from patchify.core.model.losses import Regularizer
from patchify.core.training.optimizers import SGD, AdamW
from patchify.core.training.schedules import WarmupCosine
from patchify.study.gains import matching
from tests.conftest import Command


def composed(*overrides: str) -> tuple[Run, DictConfig]:
    register_schemas()
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", list(overrides), return_hydra_config=True)
    with open_dict(config):
        hydra = config.pop("hydra")
    return to_run(config), hydra


@pytest.mark.parametrize(
    ("name", "updates", "sweep"),
    [
        ("baseline", 4_800, {"seed": "0,1,2"}),
        ("architectures", 4_800, {"architecture": "arch1,arch2,arch3,arch4", "seed": "0,1,2"}),
        ("longer", 11_200, {"architecture": "arch2,arch3,arch2_wide", "seed": "0,1,2"}),
        ("label_smoothing", 24_000, {"regularizer.label_smoothing": "0,0.1", "seed": "0,1,2"}),
    ],
)
def test_a_study_trains_as_long_and_sweeps_what_the_assignment_asks(
    name: str, updates: int, sweep: dict[str, str]
) -> None:
    run, hydra = composed(f"experiment={name}")
    assert run.schedule.total == updates
    assert dict(hydra.sweeper.params) == sweep
    assert run.study == name
    OverridesParser.create().parse_overrides([f"{key}={values}" for key, values in sweep.items()])


@pytest.mark.parametrize("name", options("experiment"))
def test_every_job_of_every_study_can_be_run(name: str) -> None:
    _, hydra = composed(f"experiment={name}")
    parser = OverridesParser.create()
    swept = parser.parse_overrides([f"{key}={values}" for key, values in hydra.sweeper.params.items() if key != "seed"])
    for values in product(*(override.sweep_string_iterator() for override in swept)):
        words = [f"{override.key_or_group}={value}" for override, value in zip(swept, values, strict=True)]
        run, _ = composed(f"experiment={name}", *words)
        assert run.study == name


def test_the_study_of_warm_restarts_trains_all_equally_long_and_records_at_every_restart() -> None:
    _, hydra = composed("experiment=warm_restarts")
    runs = [
        composed("experiment=warm_restarts", f"schedule={schedule}")[0]
        for schedule in hydra.sweeper.params.schedule.split(",")
    ]
    assert {run.schedule.total for run in runs} == {11_200}
    for run in runs:
        assert set(run.schedule.bounds) <= set(run.schedule.marks(run.record_every))


def test_the_pairs_of_warm_restarts_answer_its_two_questions() -> None:
    _, hydra = composed("experiment=warm_restarts")
    names = [f"arch2_wide · {schedule}" for schedule in hydra.sweeper.params.schedule.split(",")]
    cosines, lower, once = study("warm_restarts").charts["gains"].pairs.values()
    assert [str(pair).replace("arch2_wide · ", "") for pair in matching(names, cosines)] == [
        "cosine over cyclic_doubling"
    ]
    assert [pair.label for pair in matching(names, lower)] == ["cyclic_doubling", "cosine"]
    assert len(matching(names, once)) == 4


def test_the_study_of_improvements_takes_every_recipe_that_it_compares() -> None:
    _, hydra = composed("experiment=improvements")
    (recipes,) = OverridesParser.create().parse_overrides([f"recipe={hydra.sweeper.params.recipe}"])
    compared = {name for name in options("recipe") if "/" in name} | {"start", "all"}
    assert set(recipes.sweep_string_iterator()) == compared


def test_the_baseline_is_that_of_exercise_3() -> None:
    run, _ = composed()
    assert run.architecture.filter_shapes == [(48, 10)]
    assert run.architecture.dense_shapes == [(50, 640), (10, 50)]
    assert [run.schedule(step) for step in (0, 800, 1600)] == pytest.approx([1e-5, 1e-1, 1e-5])
    assert (run.regularizer.l2, run.regularizer.label_smoothing) == (0.003, 0)
    assert (run.batch_size, run.study) == (100, "scratch")


def test_the_label_smoothing_study_uses_the_settings_of_exercise_4() -> None:
    run, _ = composed("experiment=label_smoothing")
    assert run.architecture.filter_shapes == [(48, 40)]
    assert run.architecture.hidden == [300]
    assert run.regularizer.l2 == 0.0025


@pytest.mark.parametrize("group", GROUPS)
def test_every_option_of_every_group_composes_and_says_in_its_first_line_what_it_is(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.org")  # which tracking=server insists on
    assert options(group)
    for option in options(group):
        run, _ = composed(f"{group}={option}")
        assert run.schedule.total > 0
        assert (CONF / group / f"{option}.yaml").read_text().removeprefix("# @package _global_\n").startswith("# ")


def test_by_default_nothing_is_added_to_the_baseline() -> None:
    run, _ = composed()
    assert run.optimizer == SGD(momentum=0.0)
    assert run.regularizer == Regularizer(l2=0.003, label_smoothing=0.0)
    assert run.augmentation == Augmentation()
    assert run.evaluation == EvaluationSettings()


def test_a_whole_recipe_composes_from_options_and_single_settings() -> None:
    run, _ = composed(
        *("optimizer=nesterov", "optimizer.momentum=0.95", "schedule=warmup_cosine", "regularizer=dropout"),
        *("augmentation=flip_shift_cutout", "augmentation.border=reflect", "evaluation=ema", "evaluation.view_shift=2"),
    )
    assert run.optimizer == SGD(momentum=0.95, nesterov=True)
    assert run.schedule == WarmupCosine(eta_min=0.0, eta_max=0.1, warmup=500, updates=4800)
    assert run.regularizer == Regularizer(l2=1e-4, label_smoothing=0.1, dropout_responses=0.1, dropout_hidden=0.3)
    assert run.augmentation == Augmentation(flip=True, shift=4, border=Border.reflect, cutout=8)
    assert run.evaluation == EvaluationSettings(parameters=Evaluated.ema, ema_decay=0.999, view_shift=2)
    adamw, _ = composed("optimizer=adamw", "optimizer.weight_decay=0.1")
    assert adamw.optimizer == AdamW(beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.1)


def test_the_four_architectures_have_about_as_many_responses() -> None:
    responses = [composed(f"architecture=arch{i}")[0].architecture.dense_shapes[0][1] for i in (1, 2, 3, 4)]
    assert responses == [768, 640, 640, 640]


@pytest.mark.parametrize(
    ("name", "charts"),
    [
        ("architectures", ["test_accuracy", "train_seconds"]),
        ("longer", ["test_accuracy", "loss"]),
        ("label_smoothing", ["test_accuracy", "loss", "gap"]),
        ("scaling", ["test_loss", "test_accuracy"]),
    ],
)
def test_a_study_draws_just_the_charts_it_asks_for(name: str, charts: list[str]) -> None:
    assert list(study(name).charts) == charts


def test_a_study_knows_its_question_and_charts_from_its_file() -> None:
    found = study("label_smoothing")
    assert found.question.endswith("?")
    assert found.charts["gap"].kind is ChartKind.gap
    assert command("label_smoothing") == "`patchify experiment=label_smoothing`"


def test_a_study_without_a_file_takes_what_its_runs_were_made_with() -> None:
    logged = "question: Mine?\ncharts: {mine: {kind: bars, show: [test_loss], title: Mine}}"
    assert study("mine", logged).question == "Mine?"
    assert list(study("mine", logged).charts) == ["mine"]
    assert list(study("mine", "question: Mine?").charts) == ["test_accuracy", "train_seconds", "loss"]


def test_the_scaling_study_trains_three_widths_of_each_layer_for_three_lengths() -> None:
    run, hydra = composed("experiment=scaling")
    grid = dict(hydra.sweeper.params)
    counts = {"architecture.filter_counts": 3, "architecture.hidden": 3, "schedule.updates": 3, "seed": 2}
    assert {key: len(values.split(",")) for key, values in grid.items()} == counts
    assert isinstance(run.schedule, WarmupCosine)
    assert run.schedule.warmup < min(int(updates) for updates in grid["schedule.updates"].split(",")) / 10
    assert all(chart.kind is ChartKind.scaling for chart in study("scaling").charts.values())


def test_the_help_page_lists_every_option_and_every_question(patchify: Command, tmp_path: Path) -> None:
    outcome = patchify("--help")
    assert outcome.status == 0
    for name in options("experiment"):
        assert f"{name} " in outcome.out
        assert study(name).question in " ".join(outcome.out.split())
    for group in GROUPS:
        assert ", ".join(options(group)) in " ".join(outcome.out.split())
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_adamw_which_undoes_preconditioning_is_refused_with_it() -> None:
    rule = "preconditioning must be none with adamw, which scales every gradient by its own size: got "
    with pytest.raises(ConfigError, match=rule):
        compose_run(["optimizer=adamw", "preconditioning=whiten_center"])
    compose_run(["optimizer=adamw"])
