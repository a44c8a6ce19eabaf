"""A run whose last checkpoint can't be written says so, whatever ends it."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from patchify.core.training.checkpoints import write_checkpoint
from patchify.core.training.records import Record, State
from patchify.display.events import Event
from patchify.display.run import RunDisplay
from tests.conftest import TINY, Command
from tests.in_store import local, runs

SAID = "patchify: the last checkpoint is not kept: [Errno 28] No space left on device: 'checkpoint'"


@pytest.fixture
def on_full_disk(patchify: Command, made_store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a run says whose disk is full at update 6, where something happens; its exit status is as given."""

    def write(folder: Path, state: State, *, run: str) -> None:
        if state.step >= 6:
            raise OSError(28, "No space left on device", "checkpoint")
        write_checkpoint(folder, state, run=run)

    def run(happens: Callable[[], None], status: int) -> str:
        def show(_: RunDisplay, event: Event) -> None:
            if isinstance(event, Record) and event.step == 6:
                happens()

        monkeypatch.setattr(RunDisplay, "show", show)
        monkeypatch.setattr("patchify.run.write_checkpoint", write)
        outcome = patchify(*TINY)
        assert outcome.status == status
        return outcome.err

    return run


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_does_not_hide_it(
    on_full_disk: Callable[..., str], made_store: Path, number: signal.Signals, status: int
) -> None:
    said = on_full_disk(lambda: signal.raise_signal(number), status)
    assert said.count(SAID) == 1
    assert "interrupted; runs that had begun are marked KILLED" in said
    assert [run.info.status for run in runs(local(made_store))] == ["KILLED"]


def test_another_error_does_not_hide_it_nor_is_hidden(on_full_disk: Callable[..., str], made_store: Path) -> None:
    def fail() -> None:
        raise ArithmeticError("something else")

    said = on_full_disk(fail, status=1)
    assert said.count(SAID) == 1
    assert "ArithmeticError: something else" in said
    (run,) = runs(local(made_store))
    assert (run.info.status, run.data.tags["failure"]) == ("FAILED", "ArithmeticError: something else")


def test_without_either_it_is_what_ends_the_run(on_full_disk: Callable[..., str], made_store: Path) -> None:
    said = on_full_disk(lambda: None, status=1)
    assert "not kept" not in said
    assert "seed 0, failed: [Errno 28] No space left on device: 'checkpoint'" in said
    (run,) = runs(local(made_store))
    assert run.info.status == "FAILED"
