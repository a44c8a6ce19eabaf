"""What there is to choose from: the YAML files of `conf/`, listed for the help page and read by summarize."""

import textwrap
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import cast

from omegaconf import DictConfig, OmegaConf

from patchify.config.names import CONF, options
from patchify.config.schema import Chart, Run

GROUPS = (
    "data",
    "architecture",
    "schedule",
    "regularizer",
    "optimizer",
    "preconditioning",
    "augmentation",
    "evaluation",
    "tracking",
    "recipe",
)


@dataclass(slots=True, kw_only=True)
class Study:
    """A question, and the charts that answer it, by file name.

    baseline: the group of runs that others are compared with
    """

    name: str
    question: str
    baseline: str | None
    charts: dict[str, Chart]

    @property
    def further(self) -> list[str]:
        """Further studies whose results its charts show."""
        return list(dict.fromkeys(study for chart in self.charts.values() for study in chart.further))


def has_file(study: str) -> bool:
    """Whether `conf/experiment/` holds this study."""
    return study in options("experiment")


def study(name: str, logged: str = "") -> Study:
    """The study of this name, from its YAML file if there is one, else from `logged`: what the store knows of it.

    A file wins, so that a chart can be added after training; a study that asks for no charts gets those of charts.yaml.
    Raises ValueError for what is no question or chart.
    """
    asked = _load(f"experiment/{name}.yaml") if has_file(name) else cast("DictConfig", OmegaConf.create(logged))
    settings = {
        "name": name,
        "question": asked.get("question", ""),
        "baseline": asked.get("baseline"),
        "charts": asked.get("charts") or _load("charts.yaml"),
    }
    return cast("Study", OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Study), settings)))


def asked_by(run: Run) -> str:
    """What the study of a run asks, as `study` reads it: YAML."""
    charts = {name: {**asdict(chart), "kind": chart.kind.name} for name, chart in run.charts.items()}
    return OmegaConf.to_yaml({"question": run.question, "baseline": run.baseline, "charts": charts})


def recipe_of(study: str) -> str | None:
    """The recipe that the study's file chooses, if there is one."""
    chosen = _load(f"experiment/{study}.yaml").get("defaults", []) if has_file(study) else []
    return next((entry["override /recipe"] for entry in chosen if "override /recipe" in entry), None)


def _question(group: str, name: str) -> str:
    return str(_load(f"{group}/{name}.yaml").get("question", ""))


def _load(file: str) -> DictConfig:
    return cast("DictConfig", OmegaConf.load(CONF / file))


def command(study: str) -> str:
    """What to type to run a study, in Markdown."""
    return f"`patchify experiment={study}`" if has_file(study) else f"runs of `patchify` with `study={study}`"


def tracking_folder() -> str:
    """The tracking folder where none is chosen."""
    return str(_load("tracking/local.yaml")["folder"])


def group_lines() -> str:
    """Each config group with its options, for the help page, within 80 columns."""
    return "\n".join(_entry(f"  {group:<16} ", ", ".join(options(group))) for group in GROUPS)


@cache  # Hydra fills in the help page twice
def question_lines(group: str) -> str:
    """Each study ("experiment") or search with its question, for a help page, within 80 columns."""
    return "\n".join(_entry(f"  {name:<16} ", _question(group, name)) for name in options(group))


def _entry(name: str, text: str) -> str:
    return textwrap.fill(text, 79, initial_indent=name, subsequent_indent=" " * len(name))


def register_resolvers() -> None:
    """Let the help page's YAML name the two lists."""
    OmegaConf.register_new_resolver("patchify.groups", group_lines, replace=True)
    OmegaConf.register_new_resolver("patchify.studies", partial(question_lines, "experiment"), replace=True)
