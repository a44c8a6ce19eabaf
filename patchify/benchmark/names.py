"""What is measured, by name, and what that of other libraries needs installed."""

import importlib.util
from collections.abc import Sequence

from patchify.benchmark import ComparisonError

OURS, FLOOR = "ours", "floor"
OTHERS = (FLOOR, "pytorch", "jax", "einsum")
"""What ours is compared with, in the order of all tables."""
PARTS = ("conv2d", "conv_products")
"""Measured beside PyTorch: its convolution alone, forward and backward, and the two products that do the same."""
LIBRARIES = {"pytorch": "torch", "jax": "jax"}
"""What some of them import."""
REMEDY = "make benchmark installs it"


def installed(name: str) -> bool:
    """Whether the library that this implementation needs is there; it is not imported."""
    return name not in LIBRARIES or importlib.util.find_spec(LIBRARIES[name]) is not None


def choose(names: Sequence[str]) -> list[str]:
    """What to measure beside ours for these implementations, in the usual order.

    Raises ComparisonError for one that is unknown or missing.
    """
    for name in names:
        if name not in OTHERS:
            raise ComparisonError(f"there is no implementation {name!r}: choose among {', '.join(OTHERS)}")
        if not installed(name):
            raise ComparisonError(f"{name} is not installed: {REMEDY}")
    return [name for name in OTHERS if name in names] + list(PARTS if "pytorch" in names else ())
