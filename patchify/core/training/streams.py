"""One random stream for each role, so that switching one role on does not change another."""

from typing import NamedTuple

import numpy as np


class Streams(NamedTuple):
    """Generators spawned from one seed, by role."""

    weights: np.random.Generator
    order: np.random.Generator
    augmentation: np.random.Generator
    dropout: np.random.Generator


def streams(seed: int) -> Streams:
    """The streams of a run."""
    return Streams(*map(np.random.default_rng, np.random.SeedSequence(seed).spawn(len(Streams._fields))))
