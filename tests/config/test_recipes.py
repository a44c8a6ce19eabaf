"""Recipes: whole ways to train, which differ in what their names say."""

import re

import pytest

from patchify.config.composing import compose_run
from patchify.config.door import ConfigError
from patchify.config.identity import label, run_key, settings
from patchify.config.names import options

IMPROVEMENTS = [name.removeprefix("with/") for name in options("recipe") if name.startswith("with/")]


def of(recipe: str) -> dict[str, str]:
    return settings(compose_run([f"recipe={recipe}"]).run)


def test_every_improvement_can_be_added_and_left_out() -> None:
    alone = {f"{side}/{name}" for name in IMPROVEMENTS for side in ("with", "without")}
    assert {name for name in options("recipe") if "/" in name} == alone


@pytest.mark.parametrize("name", IMPROVEMENTS)
def test_an_improvement_changes_the_same_settings_whether_added_to_the_start_or_left_out_of_all(name: str) -> None:
    added = set(of(f"with/{name}").items()) ^ set(of("start").items())
    left_out = set(of("all").items()) ^ set(of(f"without/{name}").items())
    changed = {key for key, _ in added}
    assert changed
    assert changed == {key for key, _ in left_out}


def test_all_has_every_improvement_and_nothing_else() -> None:
    start, everything = of("start"), of("all")
    together = {key: value for name in IMPROVEMENTS for key, value in of(f"with/{name}").items() - start.items()}
    assert everything.items() - start.items() == together.items()


def test_all_recipes_of_the_study_train_equally_long_and_about_equally_large_networks() -> None:
    runs = [compose_run([f"recipe={name}"]).run for name in ("start", "all", "with/cosine", "without/cosine")]
    assert len({run.schedule.total for run in runs}) == 1
    counts = [run.architecture.parameter_count for run in runs]
    assert max(counts) < 1.01 * min(counts)


def test_a_run_by_recipe_is_the_run_with_the_same_settings_by_hand() -> None:
    by_recipe = compose_run(["recipe=with/flip_shift"]).run
    l2 = f"regularizer.l2={by_recipe.regularizer.l2}"
    by_hand = compose_run(["architecture=arch5", "schedule=cyclic_12000", l2, "augmentation=flip_shift"]).run
    assert run_key(by_recipe, "d") == run_key(by_hand, "d")


def test_single_values_beside_a_recipe_win() -> None:
    run = compose_run(["recipe=all", "architecture.hidden=[20]", "regularizer.dropout_hidden=0.5"]).run
    assert (run.architecture.hidden, run.regularizer.dropout_hidden) == ([20], 0.5)
    assert run.regularizer.label_smoothing == 0.1


@pytest.mark.parametrize("override", ["architecture=arch1", "regularizer=none", "evaluation=raw"])
def test_options_beside_a_recipe_which_would_replace_their_values_are_refused(override: str) -> None:
    group = override.partition("=")[0]
    rule = f"{group} must not be chosen beside recipe=best_quick, which sets it: got {override}; set single values, as "
    with pytest.raises(ConfigError, match=re.escape(f"{rule}{group}.NAME=VALUE, or leave the recipe out")):
        compose_run(["recipe=best_quick", override])
    with pytest.raises(ConfigError, match=f"{group} must not be chosen beside recipe=best_quick"):
        compose_run(["experiment=best_quick", override])


def test_data_are_chosen_beside_any_recipe() -> None:
    assert compose_run(["recipe=best_quick", "data=textures"]).run.preconditioning.center


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["recipe=with/flip_shift", "seed=3"], "with flip shift"),
        (["recipe=all", "batch_size=50"], "all · batch_size=50"),
        (["optimizer=nesterov"], "arch2 · nesterov"),
    ],
)
def test_a_run_is_named_after_its_recipe_in_words(overrides: list[str], name: str) -> None:
    assert label(compose_run(overrides).choices, overrides) == name
