"""The whole report, in the assignment's order, from the folder of all results."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from patchify.report.blocks import Block, Document, Paragraph, Section, from_markdown
from patchify.report.sections.further import IMPROVEMENTS, RESTARTS, best, scaling, with_gains
from patchify.report.sections.gradients import gradients
from patchify.report.sections.network import data, network
from patchify.report.sections.speed import speed
from patchify.report.sections.studies import Shown, study_blocks
from patchify.report.sections.training import label_smoothing, longer
from patchify.report.text import Text
from patchify.study import ResultsError

STUDIES = (
    *("baseline", "architectures", "longer", "label_smoothing", "improvements", "warm_restarts", "scaling"),
    *("best_quick", "best", "core_minutes"),
)
"""Folders of networks that were trained."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Part:
    """A section of results.

    blocks: from the folder of all results; none without results; folder: below it, what the command writes
    command: makes the results; None for a study, which is trained and summarized
    """

    title: str
    blocks: Callable[[Path], list[Block]]
    folder: str
    command: str | None = None

    def remedy(self, experiments: Path) -> str:
        """What makes the results."""
        out = f"--out {experiments / self.folder}"
        if self.command:
            return f"`{self.command} {out}` makes them"
        return f"`patchify experiment={self.folder}` trains, `patchify-summarize {self.folder} {out}` then writes them"


PARTS = {
    "gradients": Part(
        title="Are the gradients right?",
        blocks=lambda of: gradients(of / "gradcheck"),
        folder="gradcheck",
        command="patchify-gradcheck",
    ),
    "baseline": Part(
        title="The baseline",
        blocks=lambda of: study_blocks(of / "baseline", Shown(charts=("accuracy", "loss"))),
        folder="baseline",
    ),
    "architectures": Part(
        title="Four architectures",
        blocks=lambda of: study_blocks(
            of / "architectures",
            Shown(charts=("test_accuracy", "train_seconds"), compared=("test_accuracy", "train_seconds")),
        ),
        folder="architectures",
    ),
    "longer": Part(
        title="Longer training",
        blocks=lambda of: longer(of / "longer", of / "architectures"),
        folder="longer",
    ),
    "label_smoothing": Part(
        title="Label smoothing",
        blocks=lambda of: label_smoothing(of / "label_smoothing"),
        folder="label_smoothing",
    ),
    "improvements": Part(
        title="Improvements",
        blocks=lambda of: with_gains(of / "improvements", IMPROVEMENTS),
        folder="improvements",
    ),
    "warm_restarts": Part(
        title="Warm restarts",
        blocks=lambda of: with_gains(of / "warm_restarts", RESTARTS),
        folder="warm_restarts",
    ),
    "scaling": Part(title="Scaling", blocks=lambda of: scaling(of / "scaling"), folder="scaling"),
    "best": Part(
        title="The best recipes", blocks=lambda of: best([of / "best_quick", of / "best"]), folder="best_quick"
    ),
    "core_minutes": Part(
        title="Accuracy for time",
        blocks=lambda of: study_blocks(
            of / "core_minutes",
            Shown(columns=("test_accuracy", "test_accuracy_views", "train_cpu_seconds"), charts=("accuracy",)),
        ),
        folder="core_minutes",
    ),
    "speed": Part(
        title="How fast is an update?",
        blocks=lambda of: speed(of / "pytorch"),
        folder="pytorch",
        command="patchify-benchmark",
    ),
}
"""By the names that remarks call them by."""


def document(experiments: Path, text: Text) -> tuple[Document, list[str]]:
    """The report, and what of the results can't be shown, and why, which its sections say, too."""
    problems: list[str] = []
    studies = {name: experiments / name for name in STUDIES}
    sections = [
        *([Section(title="Introduction", blocks=_free(text.introduction))] if text.introduction else []),
        Section(title="The network", blocks=network()),
        Section(title="Data and numbers", blocks=data(studies, text.data)),
    ]
    for name, part in PARTS.items():
        try:
            blocks = part.blocks(experiments) or [Paragraph(text=f"No results yet: {part.remedy(experiments)}.")]
        except ResultsError as error:
            problems.append(str(error))
            blocks = [Paragraph(text=f"Results can't be shown: {error}.")]
        sections.append(Section(title=part.title, blocks=[*blocks, *_free(text.remarks.get(name, ""))]))
    return Document(title=text.title, author=text.author, sections=sections), problems


def _free(text: str) -> list[Block]:
    return from_markdown(text.splitlines())
