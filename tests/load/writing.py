"""Many runs written to a store at once, by processes that do what a training does besides training."""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.processes import forks
from tests.tracking.runs import a_run

PARAMS, TAGS = 35, 25
"""As many as a run has."""
METRICS = [
    *("learning_rate", "train/seconds", "train/cpu_seconds"),
    *(f"{part}/{what}" for part in ("train", "validation", "test") for what in ("cost", "loss", "accuracy")),
]


def write_all(tracking: Path, address: str, study: str, *, runs: int, records: int, writers: int) -> list[str]:
    """Write finished runs of so many records each by so many processes at once; the keys of the runs."""
    keys = [f"{number:064x}" for number in range(runs)]
    place = (dict(os.environ), tracking.absolute(), address, study)
    processes = [forks.Process(target=_write, args=(*place, keys[first::writers], records)) for first in range(writers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * writers
    return keys


def _write(
    environment: dict[str, str], tracking: Path, address: str, study: str, keys: Sequence[str], records: int
) -> None:
    os.environ.update(environment)  # that of the process this one was forked from is older
    from patchify.journal.journal import Journal  # noqa: PLC0415 - the forked process has it
    from patchify.tracking.delivery import insist  # noqa: PLC0415

    params = {f"setting.of.a.network.{number}": str(number) for number in range(PARAMS)}
    for key in keys:
        tags = {"run_key": key, "label": "arch1"} | {f"version.{number}": "1.2.3" for number in range(TAGS)}
        folder = a_run(tracking, key, store=address, study=study, tags=tags, params=params | {"seed": key[-4:]})
        with Journal(folder.journal) as journal:
            for step in range(records):
                journal.write("metrics", step=step, metrics={metric: step / (1 + len(metric)) for metric in METRICS})
            journal.write("end", status="FINISHED", reason=None, tags={"parameters_sha256": "abc"})
        insist(folder, tracking)
