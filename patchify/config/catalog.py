"""What there is to choose from: the YAML files of `conf/`, listed for the help page and read by summarize."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from omegaconf import OmegaConf

from patchify.config.schema import Chart

CONF = next(parent / "conf" for parent in Path(__file__).parents[1:3] if (parent / "conf").is_dir())
"""The YAML files: inside the installed package, or beside it in a checkout."""

GROUPS = ("data", "architecture", "schedule", "regularizer", "optimizer", "tracking")


@dataclass(slots=True, kw_only=True)
class Study:
    """A question, and the charts that answer it, by file name."""

    name: str
    question: str
    charts: dict[str, Chart]


def options(group: str) -> list[str]:
    """Names of the options of a config group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def study(name: str, logged: str = "") -> Study:
    """The study of this name, from its YAML file if there is one, else from `logged`, the config a run was made with.

    A file wins, so that a chart can be added after training.
    """
    layers = [OmegaConf.load(CONF / "config.yaml")]
    file = CONF / "experiment" / f"{name}.yaml"
    if file.is_file():
        layers.append(OmegaConf.load(file))
    elif logged:
        layers.append(OmegaConf.create(logged))
    merged = OmegaConf.merge(*layers)
    charts = {
        str(stem): cast("Chart", OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Chart), chart)))
        for stem, chart in merged.charts.items()
    }
    return Study(name=name, question=merged.question, charts=charts)


def command(name: str) -> str:
    """What to type to run a study."""
    return f"patchify experiment={name}" if name in options("experiment") else f"patchify -m study={name} ..."


def group_lines() -> str:
    """One line a config group, for the help page."""
    return "\n".join(f"  {group:<13} {', '.join(options(group))}" for group in GROUPS)


def study_lines() -> str:
    """One line a study with its question, for the help page."""
    return "\n".join(f"  {name:<16} {study(name).question}" for name in options("experiment"))


def register_resolvers() -> None:
    """Let the help page's YAML name the two lists."""
    OmegaConf.register_new_resolver("patchify.groups", group_lines, replace=True)
    OmegaConf.register_new_resolver("patchify.studies", study_lines, replace=True)
