"""Made-up results of a scaling study over a grid like its, from a law that is known."""

from itertools import product

import numpy as np
import pandas as pd

from patchify.core.model import operations
from patchify.core.model.architecture import Architecture
from patchify.study.results import Tables
from patchify.study.scaling.laws import Points, PowerLaw

POINTS: Points = np.array(list(product((16, 40, 100), (100, 300, 900), (900, 1800, 3600))), float)
CENTRES = np.array([40.0, 300.0, 1800.0])
LAW = PowerLaw(floor=0.5, shares=np.array([0.2, 0.14, 0.17]), exponents=np.array([0.45, 0.35, 0.6]), centres=CENTRES)


def flops_of_update(filters: int, hidden: int) -> int:
    """Of batches of 250 images."""
    return operations.of_update(Architecture(filter_sizes=[4], filter_counts=[filters], hidden=[hidden]), 250)


def made_up(law: PowerLaw = LAW, *, noise: float = 0.004, seeds: int = 2) -> Tables:
    """noise: standard deviation of a run's loss, relative."""
    random = np.random.default_rng(5)
    rows = []
    for (filters, hidden, updates), seed in product(POINTS.astype(int).tolist(), range(seeds)):
        loss = float(law(np.array([filters, hidden, updates], float)) * np.exp(noise * random.normal()))
        rows.append(
            {
                "run": f"filters={filters} · hidden={hidden} · updates={updates}",
                "architecture.filter_counts": f"[{filters}]",
                "architecture.hidden": f"[{hidden}]",
                "seed": seed,
                "updates": updates,
                "train_flops": updates * flops_of_update(filters, hidden),
                "test_loss": loss,
                "test_accuracy": 1 - loss / 3,
            }
        )
    return Tables(results=pd.DataFrame(rows), history=pd.DataFrame(), about="textures")
