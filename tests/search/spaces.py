"""Searches for the tests: tiny ones, in files of their own."""

from pathlib import Path

from tests.conftest import TINY

TEXT = """
question: How much of it?
base: {{schedule: cyclic, schedule.cycles: 2, architecture: arch1}}
space:
{space}
sampler: {sampler}
seed: 0
explore: {explore}
trials: {trials}
pruning: {pruning}
"""
L2 = "  regularizer.l2: {low: 1e-5, high: 1e-1, log: true}"
TWO = f"{L2}\n  optimizer: {{choices: [sgd, momentum]}}"


def written(
    space: str = L2, *, sampler: str = "random", explore: int = 2, trials: int = 3, pruning: bool = False
) -> list[str]:
    """The words of a search in a file `tiny.yaml` here, of runs of 16 updates on a few hundred textures."""
    settings = {"sampler": sampler, "explore": explore, "trials": trials, "pruning": str(pruning).lower()}
    Path("tiny.yaml").write_text(TEXT.format(space=space, **settings))
    return ["tiny.yaml", *TINY]
