"""A job's place in its sweep, and how sweeps fail."""

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Self

VARIABLE = "PATCHIFY_SWEEP"
"""Environment variable that tells a job its place; the processes of any launcher inherit it."""


class SweepFailed(Exception):
    """Some jobs of a sweep failed; each has said why."""


@dataclass(slots=True, kw_only=True)
class Place:
    """A job's place in its sweep: the sweep's key (None for a sweep of one), and how many jobs there are.

    shared: what the labels of all its runs say
    """

    parent: str | None = None
    jobs: int = 1
    shared: list[str] = field(default_factory=list)

    @classmethod
    def here(cls) -> Self:
        """The place that `sweep` announced to this process or to the one that started it."""
        return cls(**json.loads(os.environ.get(VARIABLE, "{}")))

    def announce(self) -> None:
        """Have jobs find it, in this process and those that it starts."""
        os.environ[VARIABLE] = json.dumps(asdict(self))
