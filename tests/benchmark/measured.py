"""Times made up for the tests: what each implementation takes over ours is known."""

from collections.abc import Mapping

from patchify.benchmark.cells import Cell, Times

FACTORS = {"floor": 0.8, "ours": 1.0, "pytorch": 2.5, "jax": 1.25, "einsum": 9.0}
PARTS = {"conv2d": 1.2, "conv_products": 0.4}


def made_up(cell: Cell, factors: Mapping[str, float] | None = None, *, threads: int = 1) -> Times:
    """Repeats of which each is slower than the one before, as on a machine that gets busy."""
    found = Times(cell=cell, threads=threads)
    for name, factor in (factors or {**FACTORS, **PARTS}).items():
        milliseconds = [1e-3 * factor * (1 + slower / 10) for slower in range(7)]
        found.cpu[name] = milliseconds
        found.wall[name] = [seconds / threads for seconds in milliseconds]
    return found
