"""Settings without Hydra are those that Hydra composes of the same words."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchify.config.composing import compose_run
from patchify.config.identity import run_key
from patchify.config.names import options
from patchify.config.plain import GROUPS, option, run
from patchify.core.model.architecture import Architecture
from patchify.core.training.schedules import Cyclic

OPTIONS = [(group, name) for group in GROUPS for name in options(group)]


@pytest.mark.parametrize(("group", "name"), OPTIONS, ids=str)
def test_every_option_is_what_hydra_composes(group: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.org")  # which tracking=server insists on
    composed = compose_run([f"{group}={name}"]).run
    assert option(group, name) == getattr(composed, group)
    assert run(**{group: name}) == composed


@pytest.mark.parametrize("name", options("recipe"))
def test_every_recipe_is_what_hydra_composes(name: str) -> None:
    assert run(recipe=name) == compose_run([f"recipe={name}"]).run


def test_settings_beside_a_recipe_change_it() -> None:
    words = ["recipe=best_quick", "batch_size=100", "data=textures"]
    assert run(recipe="best_quick", batch_size=100, data="textures") == compose_run(words).run
    schedule = option("schedule", "cyclic", cycles=1)
    assert run(recipe="best_quick", schedule=schedule).schedule == schedule


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"recipe": "best_quik"}, "recipe must name a recipe: got best_quik; did you mean best_quick?"),
        (
            {"recipe": "best_quick", "schedule": "cyclic"},
            "schedule must be an object, not a name, beside recipe='best_quick', which sets it: got cyclic; make one",
        ),
    ],
)
def test_a_recipe_that_is_not_there_or_is_contradicted_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        run(**given)


def test_no_setting_is_left_to_chance() -> None:
    assert set(GROUPS) == {"data", "architecture", "schedule", "regularizer", "optimizer"} | {
        *("augmentation", "preconditioning", "evaluation", "tracking")
    }


@pytest.mark.parametrize("variable", ["PATCHIFY_DATA", "MLFLOW_TRACKING_URI"])
def test_variables_of_the_environment_count(variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    assert run() == compose_run([]).run
    assert str(tmp_path) in str(run())


def test_a_changed_run_has_the_identity_of_the_same_words_on_the_command_line() -> None:
    words = ["data=textures", "architecture.hidden=[20]", "schedule.cycles=1", "regularizer.l2=0", "dtype=float64"]
    changed = run(
        data="textures",
        architecture=Architecture(filter_sizes=[4], filter_counts=[10], hidden=[20]),
        schedule=option("schedule", "cyclic", cycles=np.int64(1)),
        regularizer=option("regularizer", "l2", l2=0),
        dtype="float64",
        seed=np.int64(7),
        batch_size=None,
    )
    composed = compose_run([*words, "seed=7"]).run
    assert changed == composed
    assert run_key(changed, "d") == run_key(composed, "d"), "which is made of the settings as text"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"schedul": "cyclic"}, "schedul must be a known setting: there is none of this name; did you mean schedule?"),
        ({"schedule": "cylic"}, "schedule must name an option: got cylic; did you mean cyclic?"),
        (
            {"schedule": 5},
            "schedule must be of the class Schedule, or name an option: got 5; choose among constant, cosine, ",
        ),
        ({"dtype": "float16"}, "dtype must be known: got float16; did you mean float64?"),
        ({"seed": "x"}, "seed must be a whole number, as 1: got 'x'; change it"),
        ({"batch_size": 0.5}, "batch_size must be a whole number, as 1: got 0.5; change it"),
        ({"batch_size": 0}, "batch_size must be at least 1: got 0; choose 1 or more"),
        ({"optimizer": "adamw", "preconditioning": "whiten_center"}, "preconditioning must be none with adamw"),
    ],
)
def test_what_can_not_be_run_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        run(**settings)


@pytest.mark.parametrize(
    ("group", "name", "changes", "said"),
    [
        ("schedules", "cyclic", {}, "group must be one of the settings: got schedules; did you mean schedule?"),
        ("seed", "1", {}, "group must be one of the settings: got seed; choose among data, architecture, "),
        ("schedule", "cyclic", {"cycle": 1}, "cycle must be a known setting: there is none of this name; did you mean"),
        ("schedule", "cyclic", {"cycles": 0}, "cycles must be at least 1: got 0; choose 1 or more"),
        ("regularizer", "l2", {"l2": "much"}, "l2 must be a number, as 0.1: got 'much'; change it"),
        ("architecture", "arch2", {"hidden": 50}, "hidden must be a list of whole numbers, as [1]: got 50; change it"),
    ],
)
def test_options_and_changes_that_there_are_not_are_refused(
    group: str, name: str, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        option(group, name, **changes)


def test_an_option_is_one_s_own_to_change() -> None:
    changed = option("schedule", "cyclic")
    changed.cycles = 1
    assert option("schedule", "cyclic").cycles == 3
    assert isinstance(changed, Cyclic)
