"""The settings of a run without Hydra: options and defaults as the YAML files have them, changed in Python."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import Enum
from operator import index
from typing import Any, TypeVar, get_type_hints

import yaml

from patchify.config.names import CONF, nearest, options, unknown_key
from patchify.config.schema import KINDS, Run
from patchify.core.rules import require

NoYaml = yaml.YAMLError
"""A file that is no YAML; the message names the place."""
Settings = TypeVar("Settings")
SETTINGS = get_type_hints(Run)
GROUPS = [name for name, kind in SETTINGS.items() if is_dataclass(kind)]
SCHEMA = re.compile(r"/schema/(\w+)/(\w+)@_here_")
VARIABLE = re.compile(r"\$\{oc\.env:(\w+)(,null)?\}")
CONVERSIONS: dict[Any, tuple[Callable[[Any], Any], str]] = {
    float: (float, "a number, as 0.1"),  # to PyYAML, 1e-5 is a text
    int: (index, "a whole number, as 1"),  # those of NumPy would be written otherwise into a run's identity
    list[int]: (lambda numbers: [index(number) for number in numbers], "a list of whole numbers, as [1]"),
}
"""How values become those of settings, by the type of these, and what they must be for that."""


def run(*, recipe: str | None = None, **given: Any) -> Run:
    """The run that `patchify` makes of these settings; None stands for that of the recipe, or of conf/config.yaml.

    A group of settings, as `schedule`, may be an object, or the name of an option unless a recipe sets it.
    Raises ValueError for an unknown setting, option or recipe, and for a value that can't be run.
    """
    settings = _load("config")
    del settings["hydra"]
    for entry in settings.pop("defaults"):
        if isinstance(entry, dict):
            settings |= {group: name for group, name in entry.items() if group in GROUPS}
    chosen, changed = _recipe(recipe) if recipe is not None else ({}, {})
    settings |= chosen | {key: value for key, value in changed.items() if key not in GROUPS}
    for group in changed.keys() & set(GROUPS):
        settings[group] = option(group, settings[group], **changed[group])
    wanted = {key: value for key, value in given.items() if value is not None}
    for key, value in wanted.items():
        rule = f"must be an object, not a name, beside recipe={recipe!r}, which sets it"
        free = not isinstance(value, str) or key not in chosen.keys() | changed.keys()
        require(free, key, rule, value, "make one, or leave the recipe out")
    return _made(Run, settings | wanted)


def option(group: str, name: str, **changes: Any) -> Any:
    """An option of a group of settings, some of them changed: what `patchify GROUP=NAME GROUP.KEY=VALUE` trains with.

    >>> option("schedule", "cyclic", cycles=1)
    Cyclic(eta_min=1e-05, eta_max=0.1, cycles=1, decay=1.0, step_size=800, growth=1.0)

    Raises ValueError for an unknown group, option or setting, and for a value that can't be run.
    """
    require(group in GROUPS, "group", "must be one of the settings", group, nearest(group, GROUPS))
    kind, settings = _read(group, name)
    return _made(kind, settings | changes)


def chosen(group: str, given: object) -> Any:
    """The option of this name, or an object of the group as it is. Raises ValueError for anything else."""
    if isinstance(given, str):
        return option(group, given)
    kind = SETTINGS[group]
    rule = f"must be of the class {kind.__name__}, or name an option"
    require(isinstance(given, kind), group, rule, given, f"choose among {', '.join(options(group))}")
    return given


def _read(group: str, name: str) -> tuple[type, dict[str, Any]]:
    """The type of an option, and its settings as they are in its file and in those that it begins from."""
    known = options(group)
    require(name in known, group, "must name an option", name, nearest(str(name), known))
    settings = _load(f"{group}/{name}")
    kind: type = SETTINGS[group]
    inherited: dict[str, Any] = {}
    for base in settings.pop("defaults", []):
        if schema := SCHEMA.fullmatch(base):
            kind = next(one for one in KINDS[schema[1]] if one.__name__.lower() == schema[2])
        elif base != "_self_":
            kind, inherited = _read(group, base)
    return kind, inherited | settings


def _recipe(name: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The options of a recipe by group, and its settings; those of a group, which change the option, by its name."""
    known = options("recipe")
    require(name in known, "recipe", "must name a recipe", name, nearest(str(name), known))
    settings = _load(f"recipe/{name}")
    names: dict[str, str] = {}
    inherited: dict[str, Any] = {}
    for entry in settings.pop("defaults", []):
        if isinstance(entry, dict):
            names |= {key.removeprefix("override /"): option for key, option in entry.items()}
        else:
            base_names, inherited = _recipe(entry.removeprefix("/recipe/").removesuffix("@_global_"))
            names = base_names | names
    for key, value in settings.items():
        inherited[key] = inherited.get(key, {}) | value if key in GROUPS else value
    return names, inherited


def _load(file: str) -> dict[str, Any]:
    loaded = yaml.safe_load((CONF / f"{file}.yaml").read_text())
    return {key: _resolved(value) for key, value in loaded.items()}


def _resolved(value: Any) -> Any:
    """A value, or what the environment has for it."""
    variable = VARIABLE.fullmatch(value) if isinstance(value, str) else None
    return os.environ.get(variable[1]) if variable else value


def _made(kind: type[Settings], settings: Mapping[str, Any]) -> Settings:
    types = get_type_hints(kind)
    for key in settings:
        if key not in types:
            raise ValueError(unknown_key(key, list(types)))
    return kind(**{key: _fitting(key, value, types[key]) for key, value in settings.items()})


def _fitting(key: str, value: Any, kind: Any) -> Any:
    """A value, from YAML or from Python, as the type that a setting has."""
    if is_dataclass(kind):
        return chosen(key, value)
    if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(value, str):
        require(value in kind.__members__, key, "must be known", value, nearest(value, list(kind.__members__)))
        return kind[value]
    if kind in CONVERSIONS:
        convert, wanted = CONVERSIONS[kind]
        try:
            return convert(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{key} must be {wanted}: got {value!r}; change it") from error
    return value
