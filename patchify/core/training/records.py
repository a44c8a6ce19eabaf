"""What training tells as it goes, and the states that it can go on from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from patchify.core.model.evaluation import Evaluation


@dataclass(slots=True, kw_only=True)
class Record:
    """The state of training after `step` updates.

    rate: learning rate of the next update (of the last one at the end)
    seconds: spent in updates so far; cpu_seconds: of processors meanwhile, by all threads of the process
    evaluations: by the name of the set of images; empty in a heartbeat between two evaluations
    """

    step: int
    rate: float
    seconds: float
    cpu_seconds: float
    evaluations: dict[str, Evaluation] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Everything by name: `train/loss`, `test/accuracy`, `learning_rate`, `train/seconds`, ..."""
        scores = {
            f"{name}/{score}": value
            for name, evaluation in self.evaluations.items()
            for score, value in asdict(evaluation).items()
            if value is not None
        }
        return {
            **scores,
            "learning_rate": self.rate,
            "train/seconds": self.seconds,
            "train/cpu_seconds": self.cpu_seconds,
        }


@dataclass(slots=True, kw_only=True)
class State:
    """Where training stands after `step` updates: all that going on to the same bits takes.

    seconds, cpu_seconds: spent in updates so far
    records: those with evaluations, this step's included
    arrays: (T,) `parameters`, the optimizer's state by its names, and `average` if there is one
    streams: states of the bit generators, by role; that of `order` as it was when the present epoch began
    """

    step: int
    seconds: float
    cpu_seconds: float
    records: list[Record]
    arrays: dict[str, Float[np.ndarray, "_"]]
    streams: dict[str, Mapping[str, Any]]
