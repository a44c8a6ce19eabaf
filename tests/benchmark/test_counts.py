"""What makes an update fast, counted instead of timed: few large products, and no new arrays."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

from patchify.benchmark.cells import QUICK, Cell
from patchify.benchmark.ours import Floor, Ours
from patchify.benchmark.task import BATCH, RandomImages

IMAGES = RandomImages.draw(20 * BATCH)


def multiply_adds(left: np.ndarray, right: np.ndarray) -> int:
    """Of a product of two matrices, or of a matrix and a vector."""
    return left.size * (right.shape[1] if right.ndim == 2 else 1)


@pytest.mark.parametrize("cell", QUICK, ids=str)
def test_an_update_makes_five_large_matrix_products_and_no_sixth(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Ours(IMAGES.task(cell))
    smallest = min(multiply_adds(left, right) for left, right, _ in Floor(IMAGES.task(cell)).products)
    large = []

    def counted(product: Any) -> Any:
        def multiply(left: np.ndarray, right: np.ndarray, *arguments: Any, **more: Any) -> Any:
            if multiply_adds(left, right) >= smallest:
                large.append((left.shape, right.shape))
            return product(left, right, *arguments, **more)

        return multiply

    monkeypatch.setattr(np, "matmul", counted(np.matmul))
    monkeypatch.setattr(np, "dot", counted(np.dot))
    ours.run(next(IMAGES.batches(1)))
    assert len(large) == 5, large


def test_updates_allocate_no_array_of_a_batch() -> None:
    ours = Ours(IMAGES.task(QUICK[1]))
    batches = next(IMAGES.batches(20))
    ours.run(batches)
    tracemalloc.start()
    try:
        ours.run(batches)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024  # a batch is 1.2 MB, its hidden layer's outputs are 20 KB
