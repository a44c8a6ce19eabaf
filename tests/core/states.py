"""Made-up states of training for the tests of checkpoints."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from patchify.core.model.evaluation import Evaluation
from patchify.core.training.checkpoints import latest_checkpoint
from patchify.core.training.records import Record, State

RUN = "0123abcd" * 8


def state(step: int, dtype: type = np.float32, count: int = 300) -> State:
    rng = np.random.default_rng(step)
    scores = {name: Evaluation(loss=rng.random(), cost=0.1 + 0.2, accuracy=1 / 3) for name in ("train", "test")}
    over_views = replace(scores["test"], accuracy_views=2 / 3)
    return State(
        step=step,
        seconds=rng.random(),
        cpu_seconds=rng.random(),
        records=[
            Record(step=0, rate=1e-5, seconds=0.0, cpu_seconds=0.0, evaluations=scores),
            Record(
                step=step,
                rate=0.1,
                seconds=rng.random(),
                cpu_seconds=rng.random(),
                evaluations={**scores, "test": over_views},
            ),
        ],
        arrays={
            "parameters": rng.standard_normal(count).astype(dtype),
            "velocity": rng.standard_normal(count).astype(dtype),
        },
        streams=dict.fromkeys(("order", "augmentation", "dropout"), rng.bit_generator.state),
    )


def assert_same_state(got: State | None, expected: State) -> None:
    assert got is not None
    arrays = [{name: (a.dtype, a.tobytes()) for name, a in side.arrays.items()} for side in (got, expected)]
    assert arrays[0] == arrays[1]
    assert replace(got, arrays={}) == replace(expected, arrays={})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused_for(folder: Path, reason: str) -> None:
    """The newest file is refused with such a message, and the one before is taken."""
    found, refused = latest_checkpoint(folder, run=RUN)
    assert_same_state(found, state(50))
    assert len(refused) == 1
    assert refused[0].startswith(f"{folder / 'checkpoint-0000000100.npz'} is no sound checkpoint of this run (")
    assert reason in refused[0]
    assert refused[0].endswith("): it is left out")
