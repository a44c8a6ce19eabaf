"""Runs as their journals tell of them, without a network that is trained."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from mlflow.entities import Run

from patchify.journal.folder import LOCAL, RunFolder, run_folder
from patchify.journal.journal import Journal, read
from patchify.journal.sent import Sent, noted
from patchify.store.opening import Store


def a_run(tracking: Path, key: str = "k", *, store: str = LOCAL, study: str = "widths", **changed: Any) -> RunFolder:
    """The folder of a run that has begun."""
    folder = run_folder(tracking, store, key)
    run = {
        "id": uuid4().hex,
        "key": key,
        "store": store,
        "study": study,
        "name": f"arch1 · {key}",
        "description": "Why?",
        "tags": {"run_key": key, "version.numpy": "2"},
        "params": {"seed": "0"},
        "parent": None,
        "host": "elsewhere",
    }
    with Journal(folder.journal) as journal:
        journal.write("run", **(run | changed))
    return folder


def goes_on(folder: RunFolder, steps: Iterable[int]) -> None:
    """The run records two metrics at each of these steps."""
    with Journal(folder.journal) as journal:
        for step in steps:
            journal.write("metrics", step=step, metrics={"test/loss": 1 / (1 + step), "test/accuracy": step / 10})


def ends(folder: RunFolder, status: str = "FINISHED", reason: str | None = None) -> None:
    """The run leaves two files, then ends."""
    (folder.artifacts / "charts").mkdir(parents=True, exist_ok=True)
    (folder.artifacts / "config.yaml").write_text("seed: 0\n")
    (folder.artifacts / "charts" / "loss.svg").write_text("<svg/>")
    with Journal(folder.journal) as journal:
        journal.write("end", status=status, reason=reason, tags={"parameters_sha256": "abc"})


def sent(folder: RunFolder) -> Sent:
    """What is noted as sent."""
    return noted(folder, read(folder.journal))


def stored(store: Store, folder: RunFolder) -> Run:
    """The one run in the store with this folder's journal."""
    experiments = [experiment.experiment_id for experiment in store.client.search_experiments()]
    identity = read(folder.journal)[0].content["id"]
    (run,) = store.client.search_runs(experiments, f"tags.journal = '{identity}'")
    return run


def history(store: Store, run: Run, metric: str = "test/accuracy") -> list[tuple[int, int, float]]:
    """Step, time and value of all that the store has of a metric, in their order."""
    return sorted((m.step, m.timestamp, m.value) for m in store.client.get_metric_history(run.info.run_id, metric))


def written(folder: RunFolder, metric: str = "test/accuracy") -> list[tuple[int, int, float]]:
    """What the journal says of a metric, as `history` gives it."""
    lines = [entry for entry in read(folder.journal) if entry.kind == "metrics"]
    return sorted((line.content["step"], line.time, line.content["metrics"][metric]) for line in lines)


def assert_complete(store: Store, folder: RunFolder) -> None:
    """The store has the finished run of this folder: all of it, once."""
    run = stored(store, folder)
    assert run.info.status == "FINISHED"
    assert history(store, run) == written(folder)
    assert run.data.tags["parameters_sha256"] == "abc"
    assert run.data.params == {"seed": "0"}
    assert [file.path for file in store.client.list_artifacts(run.info.run_id)] == ["charts", "config.yaml"]
    assert [file.path for file in store.client.list_artifacts(run.info.run_id, "charts")] == ["charts/loss.svg"]
    assert not [path for path in folder.artifacts.rglob("*") if path.is_file()]
