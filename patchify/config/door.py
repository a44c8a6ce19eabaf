"""Where a composed config becomes plain objects, and where what can't be run is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from patchify.config.catalog import GROUPS, recipe_of
from patchify.config.names import nearest, options, unknown_key
from patchify.config.schema import Run

SET_BY_RECIPES = {*GROUPS} - {"data", "tracking", "recipe"}


OF_FILES = {"experiment", "recipe"}
"""Groups whose files set values all over a run, so that Hydra must be told where: it takes a comment for that."""


class ConfigError(Exception):
    """Settings that can't be run; the message names key, rule, value and remedy."""


def check_choices(choices: Mapping[str, object], overrides: Sequence[str]) -> None:
    """Raise ConfigError for options of config groups that would not be what is trained.

    Such is a list of options, which Hydra would merge and name none of them, and an option beside a recipe, whose own
    values would replace the option's.
    """
    for group in GROUPS:
        if group not in choices:
            raise ConfigError(f"{group} must name one option: got a list; write {group}=A,B to sweep over A and B")
    if choices["recipe"]:
        _check_beside(str(choices["recipe"]), overrides)


def check_words(words: Sequence[str]) -> None:
    """Raise ConfigError for an option beside a recipe already for the words of a command line.

    Hydra would merge the recipe's values into the option, and complain of a key there that nobody has typed.
    """
    chosen = dict(word.split("=", 1) for word in words if "=" in word)
    recipe = chosen.get("recipe") or recipe_of(chosen.get("experiment", ""))
    if recipe and recipe != "null":
        _check_beside(recipe, words)


def _check_beside(recipe: str, overrides: Sequence[str]) -> None:
    for override in overrides:
        group = override.partition("=")[0]
        if group in SET_BY_RECIPES:
            raise ConfigError(
                f"{group} must not be chosen beside recipe={recipe}, which sets it: got {override}; "
                f"set single values, as {group}.NAME=VALUE, or leave the recipe out"
            )


def to_run(config: DictConfig) -> Run:
    """The composed config as an object. Raises ConfigError for a key, value or combination that can't be run."""
    try:
        _refuse_unknown_keys(config)
        for key in map(str, config):  # a group at a time, so that an error can name its place
            if isinstance(config[key], DictConfig):
                _to_object(config[key], f"{key}.")
        run = _to_object(config, "")
    except OmegaConfBaseException as error:
        raise ConfigError(explain(error)) from error
    assert isinstance(run, Run)  # noqa: S101 - the schema is registered as Run
    return run


def _to_object(node: DictConfig, prefix: str) -> Any:
    try:
        return OmegaConf.to_object(node)
    except ValueError as error:
        if isinstance(error, OmegaConfBaseException):
            raise
        raise ConfigError(f"{prefix}{error}") from error


def _refuse_unknown_keys(node: DictConfig, prefix: str = "") -> None:
    schema = OmegaConf.get_type(node)
    if not is_dataclass(schema):
        return
    known = [field.name for field in fields(schema)]
    for key in map(str, node):
        if key not in known:
            raise ConfigError(unknown_key(prefix + key, [prefix + name for name in known]))
        if OmegaConf.is_missing(node, key):
            raise ConfigError(f"{prefix}{key} must be given: it has no value; add {prefix}{key}=..., or leave out a ~")
        if isinstance(node[key], DictConfig):
            _refuse_unknown_keys(node[key], f"{prefix}{key}.")
    for name in known:
        if name not in node:
            raise ConfigError(f"{prefix}{name} must be given: it was taken away; leave out the ~")


def explain(error: Exception) -> str:
    """Hydra's and OmegaConf's errors in one line: key, rule, value and remedy; any other error's own words."""
    for found in (error, error.__cause__, error.__context__):
        if isinstance(found, MissingConfigException) and found.missing_cfg_file:
            group, name = _group_and_name(found.missing_cfg_file)
            known = [*(options(group) if group in GROUPS else []), *(found.options or [])]  # ours, and a user's own
            remedy = nearest(name, list(dict.fromkeys(known)))
            return f"{group}={name} must name an option: there is no {name}; {remedy}"
        if isinstance(found, OverrideParseException):
            remedy = "quote lists and spaces, as 'key=[1,2]' and 'key=\"a b\"'"
            return f"{found.override!r} must read KEY=VALUE: it can't be parsed; {remedy}"
        if isinstance(found, ConfigKeyError) and found.full_key in OF_FILES:  # as a setting, with all that is in it
            return f"{found.full_key}'s file must begin with the line `# @package _global_`: it lacks it; add it"
        if isinstance(found, ConfigKeyError | ConfigAttributeError) and found.full_key:
            schema = found.object_type
            known = [field.name for field in fields(schema)] if is_dataclass(schema) else []
            prefix = found.full_key.rpartition(".")[0]
            return unknown_key(found.full_key, [f"{prefix}.{name}" if prefix else name for name in known])
        if isinstance(found, OmegaConfBaseException) and found.full_key:
            return _unfit(found)
    return " ".join(str(error).split())


def _unfit(error: OmegaConfBaseException) -> str:
    reason = str(error.msg or error).splitlines()[0]
    if unset := re.search(r"Environment variable '(\w+)' not found", reason):
        return f"{error.full_key} must be in the environment as {unset[1]}: it is not set; export {unset[1]}=..."
    return f"{error.full_key} must fit its type: {reason}; patchify --cfg job shows valid values"


def _group_and_name(file: str) -> tuple[str, str]:
    """Of an option, whose name may have a "/" in it, as may that of one of Hydra's own groups."""
    group, _, name = file.partition("/")
    return (group, name) if group in GROUPS else (file.rpartition("/")[0], file.rpartition("/")[2])
