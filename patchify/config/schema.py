"""All settings of a run, with their types; the core's own dataclasses are the schemas of their groups."""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from patchify.config.published import Published
from patchify.core.images.augmentation import Augmentation
from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import EvaluationSettings
from patchify.core.model.losses import Regularizer
from patchify.core.rules import at_least, require
from patchify.core.training.optimizers import SGD, AdamW, Optimizer
from patchify.core.training.preconditioning import Preconditioning
from patchify.core.training.schedules import SCHEDULES, Schedule
from patchify.data.cifar10 import Cifar10
from patchify.data.source import DataSource
from patchify.data.textures import Textures


class Dtype(enum.Enum):
    """Precision of all arrays: float32 to train, float64 to check."""

    float32 = "float32"
    float64 = "float64"


class ChartKind(enum.Enum):
    """What a study's chart shows.

    bars: a column of results.csv, one bar a group of runs; curves: metrics against updates; gap: the second metric
    minus the first against updates; gains: a column's differences between runs of the same seed, for pairs of groups;
    core_minutes: accuracies in results.csv against training time on one core; scaling: a loss or accuracy of
    results.csv against training compute, over a grid of widths and lengths
    """

    bars = "bars"
    curves = "curves"
    gap = "gap"
    gains = "gains"
    core_minutes = "core_minutes"
    scaling = "scaling"


OVER = " over "
"""Between the two groups of runs of a pair."""


@dataclass(slots=True, kw_only=True)
class Chart:
    """One chart of a study: its kind, the columns or metrics it shows, and its title.

    pairs: of gains, by the title of their panel: names of runs as "with * over start", where `*` is any text
    further: of core-minutes, other studies whose results.csv gives points, too
    published: runs of others, beside ours in a chart of core-minutes
    """

    kind: ChartKind
    show: list[str]
    title: str
    pairs: dict[str, str] = field(default_factory=dict)
    further: list[str] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)

    def __post_init__(self) -> None:
        accuracies = bool(self.show) and all(re.fullmatch(r"\w+_accuracy(_views)?", column) for column in self.show)
        rules = {
            ChartKind.bars: (len(self.show) == 1, "must name one column for bars", "as [test_accuracy]"),
            ChartKind.gap: (len(self.show) == 2, "must name two metrics for a gap", "as [train/loss, test/loss]"),
            ChartKind.curves: (len(self.show) >= 1, "must name metrics for curves", "as [train/loss, test/loss]"),
            ChartKind.gains: (len(self.show) == 1, "must name one column for gains", "as [test_accuracy]"),
            ChartKind.core_minutes: (accuracies, "must name accuracies for core_minutes", "as [test_accuracy]"),
            ChartKind.scaling: (
                len(self.show) == 1 and self.show[0].endswith(("_loss", "_accuracy", "_accuracy_views")),
                "must name one loss or accuracy for scaling",
                "as [test_loss]",
            ),
        }
        kept, rule, remedy = rules[self.kind]
        require(kept, "show", rule, self.show, remedy)
        example = "write {added: with * over start}"
        for pair in self.pairs.values():
            sides = pair.split(OVER)
            plain = len(sides) == 2 and max(side.count("*") for side in sides) <= 1
            require(plain, "pairs", "must read LEFT over RIGHT with one * a side at most", pair, example)
        if self.kind is ChartKind.gains:
            require(bool(self.pairs), "pairs", "must name two groups of runs for gains", self.pairs, example)
        core_minutes = ChartKind.core_minutes
        for name, kind in (("pairs", ChartKind.gains), ("further", core_minutes), ("published", core_minutes)):
            alone = not getattr(self, name) or self.kind is kind
            require(alone, name, f"must stay empty but for {kind.value}", self.kind.value, "leave it out")


@dataclass(slots=True, kw_only=True)
class Tracking:
    """Where runs are recorded.

    uri: address of the MLflow store, or None for the SQLite store in `folder`; folder: everything local lies below it
    """

    uri: str | None
    folder: str


@dataclass(slots=True, kw_only=True)
class Run:
    """All settings of one training run.

    study: names the MLflow experiment and the folder of results; question and charts: what its summary asks and shows
    baseline: the group of runs that its summary compares the others with, by its name there; None for none
    record_every: updates between two records, or None for the schedule's own choice
    plan: only say what the sweep would do; rerun: compute also what is already done
    """

    data: DataSource
    architecture: Architecture
    schedule: Schedule
    regularizer: Regularizer
    optimizer: Optimizer
    augmentation: Augmentation
    preconditioning: Preconditioning
    evaluation: EvaluationSettings
    seed: int
    batch_size: int
    dtype: Dtype
    threads: int
    record_every: int | None
    study: str
    question: str
    baseline: str | None
    charts: dict[str, Chart]
    plan: bool
    rerun: bool
    tracking: Tracking

    def __post_init__(self) -> None:
        at_least(0, "seed", self.seed)
        at_least(1, "batch_size", self.batch_size)
        at_least(1, "threads", self.threads)
        if self.record_every is not None:
            at_least(1, "record_every", self.record_every)
        images = self.data.stored_training_images - self.data.validation
        rule = f"must not exceed the {images} training images"
        require(self.batch_size <= images, "batch_size", rule, self.batch_size, f"choose {images} or fewer")
        judged = self.evaluation.test or self.data.validation > 0
        require(
            judged, "evaluation.test", "must be true without validation images", "false", "set data.validation=5000"
        )
        turned = self.preconditioning != Preconditioning()
        require(
            not (turned and isinstance(self.optimizer, AdamW)),
            "preconditioning",
            "must be none with adamw, which scales every gradient by its own size",
            self.preconditioning,
            "choose preconditioning=none, or optimizer=nesterov",
        )
        plain = re.fullmatch(r"\w([\w .-]*\w)?", self.study) is not None
        require(plain, "study", "must be a name of letters, digits, - _ .", repr(self.study), "it names a folder")
        require(self.study != "Default", "study", "must not be MLflow's own experiment", self.study, "choose another")


KINDS: dict[str, Iterable[type]] = {
    "data": [Cifar10, Textures],
    "schedule": SCHEDULES,
    "optimizer": [SGD, AdamW],
}
"""What the options of these groups are of; they begin with `/schema/GROUP/KIND`, in small letters."""
