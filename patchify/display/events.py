"""What a run tells whoever watches it; the events cross process boundaries, so they are plain data."""

from collections.abc import Callable
from dataclasses import dataclass

from patchify.core.model.evaluation import Evaluation
from patchify.core.training.records import Record


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Another process runs this run; once it has ended, this one goes on or takes its result."""

    name: str

    def __str__(self) -> str:
        return f"{self.name}: another process is at this run; waiting for its end"


@dataclass(slots=True, kw_only=True)
class Started:
    """A run has begun, or goes on. name: its title; step: updates made before; total: updates there will be."""

    name: str
    step: int
    total: int


@dataclass(slots=True, kw_only=True)
class Finished:
    """A run came to its end. images: the set that accuracy and loss are of; seconds: spent in updates."""

    images: str
    accuracy: float
    loss: float
    seconds: float

    def __str__(self) -> str:
        scores = f"{self.images} accuracy {100 * self.accuracy:.2f} %, loss {self.loss:.3f}"
        return f"{scores}, {self.seconds:.1f} s of training"


@dataclass(slots=True, kw_only=True)
class Done:
    """A run that need not be computed, since it was before. name: its title; accuracy: its result, if known."""

    name: str
    accuracy: float | None

    def __str__(self) -> str:
        score = "" if self.accuracy is None else f", accuracy {100 * self.accuracy:.2f} %"
        return f"already done: {self.name}{score}"


def judged(record: Record) -> tuple[str, Evaluation]:
    """The images that say how well a run does at a record with scores, and how well that is: test, or validation."""
    return list(record.evaluations.items())[-1]


Event = Waiting | Started | Record | Finished | Done
Watch = Callable[[Event], None]
