"""What MLflow's pages are told of runs and studies: once, in any number of attempts, by any number of processes."""

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST

from patchify.journal.folder import RunFolder
from patchify.journal.sent import Sent, note
from patchify.store.opening import Store
from patchify.tracking.delivery import deliver
from patchify.tracking.pages import DESCRIPTION, VIEW
from tests.tracking.runs import a_run, assert_complete, ends, sent, stored

DATA = {"data": "textures", "data.digest": "72ff0032" * 8, "data.official": "True"}


def trained(tracking: Path) -> RunFolder:
    """A finished run on textures, of which nothing is sent."""
    folder = a_run(tracking, tags={"run_key": "k", **DATA})
    ends(folder)
    return folder


def data_sets(store: Store, folder: RunFolder) -> list[tuple[str, str, dict[str, str]]]:
    """Name, digest and tags of what the run in the store was trained on."""
    inputs = stored(store, folder).inputs
    found = inputs.dataset_inputs if inputs else []
    return [(one.dataset.name, one.dataset.digest, {tag.key: tag.value for tag in one.tags}) for one in found]


def study_tags(store: Store, study: str = "widths") -> dict[str, str]:
    """The tags of the study's experiment."""
    experiment = store.client.get_experiment_by_name(study)
    assert experiment is not None
    return dict(experiment.tags)


def columns(store: Store) -> list[str]:
    """What the table of results shows."""
    view = json.loads(study_tags(store)[VIEW])
    assert view["name"] == "Results"
    return list(json.loads(view["state"])["selectedColumns"])


def test_a_run_sent_twice_has_its_data_set_once(local: Store, made_store: Path) -> None:
    folder = trained(made_store)
    deliver(folder, made_store)
    note(folder, Sent(journal=sent(folder).journal))
    deliver(folder, made_store)
    assert data_sets(local, folder) == [("textures", "72ff0032", {"mlflow.data.context": "training"})]


@pytest.mark.parametrize("refused", ["log_inputs", "set_experiment_tag"])
def test_what_another_process_is_making_known_at_the_same_time_is_sent_again(
    local: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    send, attempts = getattr(MlflowClient, refused), []

    def second(*words: Any, **more: Any) -> None:
        attempts.append(words)
        if len(attempts) == 1:
            raise MlflowException("UNIQUE constraint failed", error_code=BAD_REQUEST)
        send(*words, **more)

    monkeypatch.setattr(MlflowClient, refused, second)
    folder = trained(made_store)
    deliver(folder, made_store)
    assert len(attempts) == 2
    assert_complete(local, folder)
    assert len(data_sets(local, folder)) == 1
    assert study_tags(local)[DESCRIPTION].startswith("Why? ")


def test_a_study_asks_its_question_until_somebody_describes_it(local: Store, made_store: Path) -> None:
    deliver(a_run(made_store, "first", description="Why?\n\n**arch1**"), made_store)
    number = local.experiment("widths")
    link = f"#/experiments/{number}/runs?viewStateShareKey=results"
    assert study_tags(local)[DESCRIPTION] == f"Why? [Table of results]({link})"
    local.client.set_experiment_tag(number, DESCRIPTION, "Because.")
    deliver(a_run(made_store, "second"), made_store)
    assert study_tags(local)[DESCRIPTION] == "Because."


def test_the_table_of_results_shows_what_the_last_sweep_varied(local: Store, made_store: Path) -> None:
    deliver(a_run(made_store, "once"), made_store)
    assert VIEW not in study_tags(local), "older journals do not say which images count"
    for key, settings in {"alone": [], "wide": ["hidden", "seed"], "one more": [], "long": ["updates"]}.items():
        deliver(a_run(made_store, key, results={"images": "test", "settings": settings}), made_store)
        if key == "alone":
            assert columns(local)[:2] == ["metrics.`test/accuracy`", "metrics.`test/loss`"]
        if key == "one more":
            assert columns(local)[-2:] == ["params.`hidden`", "params.`seed`"]
    assert columns(local)[-2:] == ["metrics.`train/seconds`", "params.`updates`"]
