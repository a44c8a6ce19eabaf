"""Bytes of a run's own files that were changed, or cut away, are noticed, and never lead to other numbers."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from patchify.commands.train import main
from patchify.data import cifar10, pickles, prepare
from patchify.data.cache import cache_folder, entries
from patchify.data.entry import open_entry
from patchify.journal.folder import RunFolder, run_folders
from patchify.journal.journal import read, recorded
from tests.conftest import TINY, call
from tests.faults.conftest import Check
from tests.in_store import finished, local, runs
from tests.processes import Started, patchify, wait_until

RUN = [*TINY, "schedule.step_size=400", "record_every=200"]
PLACES = 20
STORED = ["data=cifar10", "data.root=cifar", "data.validation=50", "batch_size=50", "schedule.step_size=4"]
FILES = ["rest.npz", "train.npy", "test.npy", "validation.npy", "checked.json"]

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
    nothing_is_known = b"\n" not in killed.journal.read_bytes()
    outcome = patchify(*RUN)
    if nothing_is_known:  # of what the store may have got already
        client = MlflowClient(local(Path("mlruns")))
        for run in runs(client.tracking_uri, "scratch"):
            if run.info.status == "KILLED":
                client.delete_run(run.info.run_id)
    if outcome.status:
        assert f"{killed.journal} is damaged" in outcome.err, outcome
        assert "Traceback" not in outcome.err
        shutil.rmtree(killed.path)
        assert patchify(*RUN).status == 0
    else:
        assert_as_undisturbed(*RUN)


@pytest.fixture
def small_cifar(monkeypatch: pytest.MonkeyPatch) -> None:
    """CIFAR-10 as files of 50 images each in the folder `cifar`, and a cache that holds nothing of it."""
    for module in (cifar10, pickles):
        monkeypatch.setattr(module, "BATCH", 50)
    monkeypatch.setattr(prepare, "_last", {})
    folder = Path("cifar", cifar10.FOLDER)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in [*cifar10.TRAINING, "test_batch"]:
        pixels = rng.integers(256, size=(50, 3072), dtype=np.uint8)
        (folder / name).write_bytes(pickle.dumps({"data": pixels, "labels": [image % 10 for image in range(50)]}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))


@both
@pytest.mark.usefixtures("small_cifar")
@pytest.mark.fault("a damaged cache of prepared data", few=2, often=PLACES)
def test_a_damaged_cache_is_noticed_and_made_anew(
    damage: Damage, trial: int, made_store: Path, recwarn: pytest.WarningsRecorder
) -> None:
    assert call(main, "patchify", *STORED) == 0
    (entry,) = entries(cache_folder())
    file = FILES[trial % len(FILES)]
    spoil(entry / file, damage, trial)
    prepare._last.clear()  # as in another process
    recwarn.clear()
    assert call(main, "patchify", *STORED, "rerun=true", "study=again") == 0
    assert finished(local(made_store), "again") == finished(local(made_store))
    said = [str(warning.message) for warning in recwarn]
    if file.endswith(".npy"):  # some bytes of the others mean nothing
        assert any(f"{entry} is damaged" in text and text.endswith("are prepared anew") for text in said), said
    open_entry(entry, check=True)
