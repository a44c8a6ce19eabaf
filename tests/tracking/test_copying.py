"""Runs of one store in another: all of each, once, whatever comes between."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import requests
from mlflow.entities import Run

from patchify.store import StoreError, Unreachable
from patchify.store.opening import Store, address_of, open_store
from patchify.tracking import copying
from patchify.tracking.copying import Outcome, alone, copy, place, runs_to_copy
from patchify.tracking.delivery import PARENT, TRIES, deliver
from patchify.tracking.pages import DESCRIPTION
from tests.in_store import finished, runs
from tests.tracking.runs import a_run, assert_complete, ends, goes_on, stored


@pytest.fixture
def other(_empty_database: Path, tmp_path: Path) -> Store:
    """An empty store elsewhere."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mlflow.db").write_bytes(_empty_database.read_bytes())
    return open_store(address_of(None, "other"))


def copy_study(source: Store, target: Store, study: str) -> list[Outcome]:
    to = place(source, target, study)
    return [copy(source, run, to) for run in runs_to_copy(source, study)]


def test_a_sweep_is_the_same_on_a_server_and_copied_once(tiny_sweep: Path, server: int) -> None:
    source = open_store(address_of(None, str(tiny_sweep)))
    target = open_store(f"http://127.0.0.1:{server}")
    assert copy_study(source, target, "tiny") == [Outcome.copied] * 5
    assert copy_study(source, target, "tiny") == [Outcome.there] * 5
    assert finished(target.address, "tiny") == finished(source.address, "tiny")
    (sweep, *there), (_, *here) = runs(target.address, "tiny"), runs(source.address, "tiny")
    for copied, run in zip(there, here, strict=True):
        tags = {name: value for name, value in run.data.tags.items() if name != PARENT}
        assert copied.data.tags == tags | {PARENT: sweep.info.run_id}
        assert copied.data.params == run.data.params
        assert (copied.info.start_time, copied.info.end_time) == (run.info.start_time, run.info.end_time)
        assert str(copied.inputs) == str(run.inputs)
        assert "Dataset" in str(copied.inputs)
    page = target.client.get_experiment(sweep.info.experiment_id).tags[DESCRIPTION]
    assert f"(#/experiments/{sweep.info.experiment_id}/runs?" in page


class Fails:
    """A client whose calls fail once so many came through, `times` times. heard: the store got them all the same."""

    def __init__(self, store: Store, after: int, times: float, *, heard: bool = False) -> None:
        self.client, self.after, self.times, self.heard = store.client, after, times, heard

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def call(*words: Any, **options: Any) -> Any:
            self.after -= 1
            if self.after < 0 <= self.after + self.times:
                if self.heard:
                    method(*words, **options)
                raise requests.ConnectionError("nobody answers")
            return method(*words, **options)

        return call


def a_finished_run(local: Store, tracking: Path) -> Run:
    folder = a_run(tracking, tags={"run_key": "k", "label": "arch1"})
    goes_on(folder, range(3))
    ends(folder)
    deliver(folder, tracking)
    return stored(local, folder)


def with_client(store: Store, client: Fails) -> Store:
    """The same store by another client."""
    through = Store(address=store.address, database=store.database)
    vars(through)["client"] = client
    return through


@pytest.mark.parametrize("heard", [False, True])
def test_whatever_call_fails_the_next_attempt_goes_on_to_one_whole_copy(
    local: Store, other: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch, heard: bool
) -> None:
    monkeypatch.setattr(copying, "TRIES", 1)
    run = a_finished_run(local, made_store)
    for after in itertools.count():
        failing = with_client(other, Fails(other, after, times=1, heard=heard))
        study = f"widths {after}"
        local.client.rename_experiment(run.info.experiment_id, study)
        try:
            assert copy_study(local, failing, study) == [Outcome.copied]
            break
        except Unreachable:
            assert copy_study(local, other, study) in ([Outcome.copied], [Outcome.there])
        (copied,) = runs(other.address, study)
        assert copied.data.tags == run.data.tags
        assert finished(other.address, study) == finished(local.address, study)
    assert after > 10, "each of the calls that a copy takes"


def test_a_store_that_does_not_answer_for_a_while_is_asked_again(
    local: Store, other: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAUSE", 0.0)
    run = a_finished_run(local, made_store)
    to = place(local, other, "widths")
    for times in (TRIES - 1, TRIES):
        failing = with_client(other, Fails(other, 0, times))
        if times < TRIES:
            assert copy(local, run, copying.Place(store=failing, study=to.study, copies={})) is Outcome.copied
        else:
            with pytest.raises(Unreachable, match="nobody answers; start again"):
                copy(local, run, copying.Place(store=failing, study=to.study, copies={}))


def test_a_run_that_went_on_since_is_copied_anew_into_its_copy(local: Store, other: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    goes_on(folder, range(2))
    deliver(folder, made_store)
    assert copy_study(local, other, "widths") == [Outcome.running]
    ends(folder, "KILLED", "interrupted")
    deliver(folder, made_store)
    assert copy_study(local, other, "widths") == [Outcome.copied]
    goes_on(folder, range(2, 4))
    ends(folder)
    deliver(folder, made_store)
    assert copy_study(local, other, "widths") == [Outcome.copied]
    assert_complete(other, folder)
    local.client.set_tag(stored(local, folder).info.run_id, "also.depths", "true")
    assert copy_study(local, other, "widths") == [Outcome.there]
    assert stored(other, folder).data.tags["also.depths"] == "true"


def test_a_run_without_a_journal_or_its_sweep_is_copied_once_too(local: Store, other: Store) -> None:
    study = local.experiment("mine")
    sweep = local.client.create_run(study).info.run_id
    local.client.create_run(study, tags={PARENT: sweep})
    for run in runs(local.address, "mine"):
        local.client.set_terminated(run.info.run_id)
    local.client.delete_run(sweep)
    assert copy_study(local, other, "mine") == [Outcome.copied]
    assert copy_study(local, other, "mine") == [Outcome.there]
    (copied,) = runs(other.address, "mine")
    assert PARENT not in copied.data.tags


def test_two_do_not_copy_from_one_folder(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(StoreError, match="another process is at copying"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass
