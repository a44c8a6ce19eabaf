"""What a stored run is."""

from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]
"""Of a table that a store was asked for."""
KEY = "run_key"
"""The tag of a training run with its identity. The parents of sweeps, which trained nothing, have none."""
RESULTS = ("test/accuracy", "validation/accuracy")
"""Metrics that say how well a run does: the first that it has."""
ASKED = "patchify.study"
"""The tag of a study's experiment with what it asks."""


@dataclass(slots=True, kw_only=True)
class StoredRun:
    """One training run: what it was told (`params`), what it is (`tags`), and how it ended (`status`, `metrics`).

    study: that it was made for; started: milliseconds since 1970; status: FINISHED, FAILED, KILLED or RUNNING
    metrics: the last value of each
    """

    id: str
    study: str
    status: str
    started: int
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]

    @property
    def name(self) -> str:
        """What the run is called in MLflow's pages."""
        return self.tags["mlflow.runName"]


@dataclass(slots=True, kw_only=True, frozen=True)
class FinishedRun:
    """A finished run in a store; key: its identity; accuracy: its result, None if it has none."""

    key: str
    id: str
    name: str
    study: str
    accuracy: float | None


def also(study: str) -> str:
    """The tag of a run of another study that counts for this one, too."""
    return f"also.{study}"
