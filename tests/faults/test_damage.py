"""Bytes of a run's own files that were changed, or cut away, are noticed, and never lead to other numbers."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from patchify.journal.folder import RunFolder, run_folders
from patchify.journal.journal import read, recorded
from tests.conftest import TINY
from tests.faults.conftest import Check
from tests.processes import Started, patchify, wait_until

RUN = [*TINY, "schedule.step_size=400", "record_every=200"]
PLACES = 20

Damage = Callable[[bytes, int], bytes]


def changed(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]


def cut(content: bytes, place: int) -> bytes:
    return content[:place]


both = pytest.mark.parametrize("damage", [changed, cut])


@pytest.fixture
def killed(made_store: Path) -> RunFolder:
    """The folder of a run that was killed in the middle, with two checkpoints."""
    started = Started(*RUN)
    wait_until(lambda: any(len(recorded(read(folder.journal))) >= 4 for folder in run_folders(made_store)))
    started.kill_all()
    started.end()
    (folder,) = run_folders(made_store)
    return folder


def spoil(path: Path, damage: Damage, trial: int) -> None:
    """Damage a file at one of PLACES places, from its first byte to its last."""
    content = path.read_bytes()
    path.write_bytes(damage(content, (len(content) - 1) * (trial * 7 % PLACES) // (PLACES - 1)))


@both
@pytest.mark.fault("a damaged checkpoint", few=2, often=PLACES)
def test_a_damaged_checkpoint_is_noticed_and_left_out(
    damage: Damage, trial: int, killed: RunFolder, assert_as_undisturbed: Check
) -> None:
    newest = max(killed.path.glob("checkpoint-*.npz"))
    spoil(newest, damage, trial)
    outcome = patchify(*RUN)
    assert outcome.status == 0, outcome
    assert f"{newest} is no sound checkpoint" in outcome.err
    assert_as_undisturbed(*RUN)


@both
@pytest.mark.fault("a damaged journal", few=2, often=PLACES)
def test_a_damaged_journal_is_recovered_or_refused(
    damage: Damage, trial: int, killed: RunFolder, assert_as_undisturbed: Check
) -> None:
    spoil(killed.journal, damage, trial)
    outcome = patchify(*RUN)
    if outcome.status:
        assert f"{killed.journal} is damaged" in outcome.err, outcome
        assert "Traceback" not in outcome.err
        shutil.rmtree(killed.path)
        assert patchify(*RUN).status == 0
    else:
        assert_as_undisturbed(*RUN)
