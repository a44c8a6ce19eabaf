"""How runs and studies look in MLflow's pages: what they were trained on, their descriptions, a table of results."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_RUN_NOTE

from patchify.store.opening import Store

DESCRIPTION = MLFLOW_RUN_NOTE
"""The tag of a run, or of a study, with Markdown that stands above all else on its page."""
RESULTS = "results"
VIEW = f"mlflow.sharedViewState.{RESULTS}"
"""The tag of a study with what its table shows when "Results" is chosen among its views, or linked to."""
DIGITS = 8
"""Of a data set's digest, as elsewhere in results."""


def introduce(store: Store, experiment: str, run: str, first: Mapping[str, Any]) -> None:
    """Have the page of a run name its data set; and that of its study ask its question, and offer a table of results.

    MLflow's own table has no column of a result, and shows only the parents of sweeps until one opens them. What
    somebody wrote there as the study's description stays.

    first: what the first line of a journal says of the run, or of a sweep, which knows the settings that differ
    """
    if "data" in first["tags"]:
        sent_once(partial(store.client.log_inputs, run, datasets=[_data_set(first["tags"])]))
    there = store.client.get_experiment(experiment).tags
    if DESCRIPTION not in there:
        question = first["description"].partition("\n")[0]
        about = f"{question} [Table of results](#/experiments/{experiment}/runs?viewStateShareKey={RESULTS})"
        sent_once(partial(store.client.set_experiment_tag, experiment, DESCRIPTION, about))
    results = first.get("results")  # older journals have none
    if results and (results["settings"] or VIEW not in there):
        view = _view(results["images"], results["settings"])
        sent_once(partial(store.client.set_experiment_tag, experiment, VIEW, view))


def sent_once(send: Callable[[], None]) -> None:
    """Send what another process may be sending, too: the second time MLflow finds what that one made.

    Tried: it looks whether a data set, or a tag, is there, then adds it, and of two at once the database refuses one.
    """
    try:
        send()
    except MlflowException as error:
        if error.error_code != "BAD_REQUEST":
            raise
        send()


def _data_set(tags: Mapping[str, str]) -> DatasetInput:
    source = {"digest": tags["data.digest"], "official": tags["data.official"]}
    digest = tags["data.digest"][:DIGITS]
    data = Dataset(name=tags["data"], digest=digest, source_type="patchify", source=json.dumps(source))
    return DatasetInput(dataset=data, tags=[InputTag(key=MLFLOW_DATASET_CONTEXT, value="training")])


def _view(images: str, settings: Sequence[str]) -> str:
    """The table of all runs, the best first: results, then the settings that differ. In the form that MLflow saves."""
    metrics = [f"{images}/accuracy", f"{images}/loss", "train/accuracy", "train/seconds"]
    state = {
        "selectedColumns": [*(f"metrics.`{name}`" for name in metrics), *(f"params.`{name}`" for name in settings)],
        "orderByKey": f"metrics.`{metrics[0]}`",
        "orderByAsc": False,
    }
    return json.dumps({"name": RESULTS.title(), "createdAt": 0, "state": json.dumps(state)})
