"""A job's place in its sweep, and how sweeps fail."""

import os
from dataclasses import dataclass
from typing import Self

VARIABLE = "PATCHIFY_SWEEP"
"""Environment variable that tells a job its place; the processes of any launcher inherit it."""


class SweepFailed(Exception):
    """Some jobs of a sweep failed; each has said why."""


@dataclass(slots=True, kw_only=True)
class Place:
    """A job's place in its sweep: the sweep's key (None for a sweep of one), and how many jobs there are."""

    parent: str | None = None
    jobs: int = 1

    @classmethod
    def here(cls) -> Self:
        """The place that `sweep` announced to this process or to the one that started it."""
        parent, _, jobs = os.environ.get(VARIABLE, "").partition(":")
        return cls(parent=parent, jobs=int(jobs)) if parent else cls()
