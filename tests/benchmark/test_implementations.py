"""All implementations train the same network the same way, and one that does not is refused."""

import importlib.util
from collections.abc import Callable

import numpy as np
import pytest

from patchify.benchmark import ComparisonError
from patchify.benchmark.cells import CHECKED, Cell
from patchify.benchmark.implementations import einsum
from patchify.benchmark.implementations.agreement import FIXED, TRAINERS, agree, implementations
from patchify.benchmark.implementations.einsum import Einsum
from patchify.benchmark.implementations.ours import Floor, Ours
from patchify.benchmark.names import LIBRARIES, OURS, choose
from patchify.benchmark.task import BATCH, Positions, RandomImages, Task
from patchify.core.checks import reference

CELLS = [Cell(f=2, nf=3, nh=50), Cell(f=4, nf=10, nh=300), Cell(f=16, nf=160, nh=50)]


@pytest.fixture(scope="module")
def images() -> RandomImages:
    return RandomImages.draw(CHECKED * BATCH)


@pytest.fixture
def task(images: RandomImages) -> Task:
    return images.task(Cell(f=8, nf=3, nh=50))


def needs_library(name: str) -> None:
    library = LIBRARIES.get(name)
    if library and not importlib.util.find_spec(library):
        pytest.skip(f"{library} is not installed; make benchmark installs it")


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("name", [name for name in TRAINERS if name != OURS])
def test_losses_over_20_updates_are_those_of_ours(name: str, cell: Cell, images: RandomImages) -> None:
    needs_library(name)
    checked = next(images.batches(CHECKED))
    agree({each: TRAINERS[each](images.task(cell)) for each in (OURS, name)}, [checked])


@pytest.mark.parametrize("name", TRAINERS)
def test_each_learns_a_batch_that_comes_again_and_again_also_when_no_loss_is_asked_for(name: str, task: Task) -> None:
    needs_library(name)
    trainer = TRAINERS[name](task)
    again = np.tile(np.arange(BATCH), (CHECKED, 1))
    first = trainer.losses(again)[0]
    trainer.run(again)
    assert trainer.losses(again)[0] < 0.9 * first


@pytest.mark.parametrize("name", FIXED)
def test_the_parts_can_be_run(name: str, task: Task) -> None:
    needs_library("pytorch" if name == "conv2d" else name)
    FIXED[name](task).run(np.zeros((2, BATCH), int))


class Wrong(Ours):
    """Ours with something added to the loss before update 3."""

    def __init__(self, task: Task, added: float) -> None:
        super().__init__(task)
        self.added = added

    def losses(self, batches: Positions) -> list[float]:
        losses = super().losses(batches)
        losses[3] += self.added
        return losses


@pytest.mark.parametrize(("added", "said"), [(0.01, r"\d\.\d{6}"), (float("nan"), "nan")])
def test_another_loss_is_refused_by_name_update_and_both_losses(
    added: float, said: str, images: RandomImages, task: Task
) -> None:
    rule = rf"wrong does other work than ours: before update 3 its loss is {said}, ours is \d\.\d{{6}}, .* 0\.0001"
    with pytest.raises(ComparisonError, match=rule):
        agree({OURS: Ours(task), "wrong": Wrong(task, added)}, [next(images.batches(CHECKED))])


def test_blocks_that_make_up_the_checked_updates_are_counted_through(images: RandomImages, task: Task) -> None:
    batches = images.batches(4)
    with pytest.raises(ComparisonError, match="before update 3 "):
        agree({OURS: Ours(task), "wrong": Wrong(task, 0.01)}, [next(batches) for _ in range(5)])


def without_l2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(einsum, "L2", 0.0)


def with_another_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(einsum, "RATE", 0.0101)


@pytest.mark.parametrize("wrong", [without_l2, with_another_rate])
def test_small_differences_of_the_work_are_noticed(
    wrong: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, images: RandomImages, task: Task
) -> None:
    wrong(monkeypatch)
    with pytest.raises(ComparisonError, match="einsum does other work"):
        implementations(["einsum"], task, [next(images.batches(CHECKED))])


def test_einsum_keeps_the_patches_as_the_assignment_describes_them(task: Task) -> None:
    pictures = task.pictures[:5].transpose(1, 2, 3, 0)  # row, column, channel, image
    np.testing.assert_array_equal(Einsum(task).MX[:, :, :5], reference.unfold(pictures, side=8))


def test_the_floor_is_five_products_that_make_two_thirds_of_their_work_on_gradients(task: Task) -> None:
    floor = Floor(task)
    work = [left.size * right.shape[1] for left, right, _ in floor.products]
    # N P K F, N P K F, and three times N D H: 16 patches of 192 numbers, 3 filters, 50 hidden units
    assert work == [100 * 16 * 192 * 3] * 2 + [100 * 48 * 50] * 3
    assert len(Floor(task, only_convolution=True).products) == 2


def test_batches_never_repeat_an_image_within_an_epoch_and_go_on_for_ever(images: RandomImages) -> None:
    batches = images.batches(4)
    epoch, again = (np.concatenate([next(batches) for _ in range(5)]) for _ in range(2))
    np.testing.assert_array_equal(np.sort(epoch.ravel()), np.arange(CHECKED * BATCH))
    np.testing.assert_array_equal(np.sort(again.ravel()), np.arange(CHECKED * BATCH))
    assert (epoch != again).any()


def test_names_are_put_in_their_usual_order_and_pytorch_brings_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert choose(["einsum", "floor"]) == ["floor", "einsum"]
    assert choose(["jax", "pytorch"]) == ["pytorch", "jax", "conv2d", "conv_products"]
