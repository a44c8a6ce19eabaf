"""What a run is: the settings that decide its numbers, the key made of them, and the name people read."""

import enum
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from patchify.config.schema import Run
from patchify.core import NUMERICS_VERSION

NOT_IN_IDENTITY = re.compile(r"(study|question|baseline|charts|plan|rerun|tracking|data\.(root|official_only))(\.|$)")
"""Settings that don't decide the numbers: names, places, displays, and what is done with jobs."""


def settings(run: Run) -> dict[str, str]:
    """All that decides the run's numbers, the data's digest aside, by its key on the command line."""
    flat = dict(_flatten(asdict(run)))
    kinds = {group: type(getattr(run, group)).__name__.lower() for group in ("data", "schedule", "optimizer")}
    flat |= {**kinds, "numerics_version": str(NUMERICS_VERSION)}
    return {key: value for key, value in sorted(flat.items()) if not NOT_IN_IDENTITY.match(key)}


def differing_settings(runs: Sequence[Run]) -> list[str]:
    """The settings that are not the same in all runs, the seed last."""
    all_settings = [settings(run) for run in runs]
    keys = {key for found in all_settings for key in found}
    differing = {key for key in keys if len({found.get(key) for found in all_settings}) > 1}
    return [*sorted(differing - {"seed"}), *sorted(differing & {"seed"})]


def _flatten(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value.name if isinstance(value, enum.Enum) else str(value)


def run_key(run: Run, data_digest: str) -> str:
    """The run's identity: SHA-256 over all that decides its numbers, and over nothing else."""
    identity = {**settings(run), "data_digest": data_digest}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def short(key: str) -> str:
    """The last word of a setting's key, positions in lists aside.

    >>> short("architecture.filter_counts.0")
    'filter_counts'
    """
    return re.sub(r"(\.\d+)+$", "", key).rpartition(".")[2]


UNNAMED = re.compile(rf"(experiment|recipe|seed|record_every|hydra|data\.\w+)(\.|$)|{NOT_IN_IDENTITY.pattern}")
"""Settings that a run is not named after."""


def label(choices: Mapping[str, str], overrides: Sequence[str]) -> str:
    """What people call the run, seed aside: its recipe or architecture, then what else the command line chose.

    >>> label({"architecture": "arch5"}, ["experiment=label_smoothing", "regularizer.label_smoothing=0.1", "seed=2"])
    'arch5 · label_smoothing=0.1'
    >>> label({"architecture": "arch5", "recipe": "with/momentum"}, ["recipe=with/momentum", "batch_size=50"])
    'with momentum · batch_size=50'
    """
    recipe = choices.get("recipe")
    words = [re.sub("[/_]", " ", recipe) if recipe else choices["architecture"]]
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        if key in choices and key != "architecture" and not UNNAMED.match(key):
            words.append(value)
        elif key not in choices and not UNNAMED.match(key):
            words.append(f"{short(key)}={value}")
    return " · ".join(words)


def shared_words(labels: Iterable[str]) -> set[str]:
    """What all of some labels say beside their first word."""
    return set.intersection(*(set(name.split(" · ")[1:]) for name in labels))


def without(name: str, words: Collection[str]) -> str:
    """A label without some words; the first one stays.

    >>> without("arch5 · textures · label_smoothing=0.1", ["arch5", "textures"])
    'arch5 · label_smoothing=0.1'
    """
    first, *others = name.split(" · ")
    return " · ".join([first, *(word for word in others if word not in words)])
