"""How a plan's and a summary's times grow with the runs of a study: python -m tests.load.growth FOLDER [RUNS ...]."""

import dataclasses
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from patchify.charts.style import COLOURS, settle, sheet, styled
from patchify.charts.style import save as save_chart
from patchify.config.composing import compose_run
from patchify.config.identity import run_key

RUNS = [10, 100, 1000, 10_000]
GROUPS = 10
STUDY = [
    *("data=textures", "data.train=300", "data.test=100", "data.validation=50", "batch_size=50", "study=growth"),
    *("schedule=constant", "schedule.updates=100", "record_every=1"),
]
"""Runs of 101 records of 12 metrics."""
L2 = [f"0.{number:03d}" for number in range(1, GROUPS + 1)]
COMMANDS: dict[str, Callable[[int], list[str]]] = {
    "patchify plan=true": lambda n: [*sweep(n), "plan=true"],
    "patchify-summarize": lambda n: ["patchify-summarize", "growth", "--out", f"summary of {n}"],
}


def sweep(runs: int) -> list[str]:
    """The command that trains so many runs."""
    return ["patchify", "-m", *STUDY, f"regularizer.l2={','.join(L2)}", f"seed=range(0,{runs // GROUPS})"]


def grow(database: Path, runs: int) -> None:
    """Add copies of the runs with seed 0 under further seeds, as if they had been trained."""
    with closing(sqlite3.connect(database)) as connection, connection:
        of_seed_0 = connection.execute(
            "SELECT run_uuid, tags.value FROM runs JOIN tags USING (run_uuid) WHERE tags.key = 'data.digest' "
            "AND run_uuid IN (SELECT run_uuid FROM params WHERE key = 'seed' AND value = '0')"
        ).fetchall()
        there = connection.execute("SELECT count(*) FROM tags WHERE key = 'run_key'").fetchone()[0] // GROUPS
        for old, digest in of_seed_0:
            find = "SELECT value FROM params WHERE run_uuid = ? AND key = 'regularizer.l2'"
            (l2,) = connection.execute(find, [old]).fetchone()
            run = compose_run([*STUDY, f"regularizer.l2={l2}"]).run
            for seed in range(there, runs // GROUPS):
                key = run_key(dataclasses.replace(run, seed=seed), digest)
                _copy(connection, old, uuid.uuid4().hex, seed, key)


def _copy(connection: sqlite3.Connection, old: str, new: str, seed: int, key: str) -> None:
    for table in ("runs", "params", "tags", "latest_metrics", "metrics"):
        columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        taken = ["?" if name == "run_uuid" else f'"{name}"' for name in columns]
        names = ", ".join(f'"{name}"' for name in columns)
        query = f"INSERT INTO {table} ({names}) SELECT {', '.join(taken)} FROM {table} WHERE run_uuid = ?"
        connection.execute(query, [new, old])
    connection.execute("UPDATE params SET value = ? WHERE run_uuid = ? AND key = 'seed'", [str(seed), new])
    connection.execute("UPDATE tags SET value = ? WHERE run_uuid = ? AND key = 'run_key'", [key, new])


def measured(words: list[str]) -> dict[str, float]:
    """Seconds by the clock and of processor time that a command takes, and its memory at most in MB."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.monotonic() - began, "cpu_seconds": cpu, "children_at_most_mb": after.ru_maxrss / 1024}


@styled()
def chart(table: pd.DataFrame, path: Path) -> None:
    """Time against runs, both logarithmic, beside what grows as the runs do."""
    figure = sheet(
        title="A study's plan and summary by its number of runs",
        footer="101 records of 12 metrics a run, 10 groups; a local store; processor time of one command each. "
        "Dotted: as the runs.",
        height=4.2,
    )
    axes = figure.subplots()
    for colour, (command, rows) in zip(COLOURS, table.groupby("command", sort=False), strict=False):
        axes.plot(rows["runs"], rows["cpu_seconds"], "o-", color=colour)
        end = rows.iloc[-1]
        axes.annotate(str(command), (end["runs"], end["cpu_seconds"]), (6, 0), textcoords="offset points", va="center")
        axes.plot(rows["runs"], end["cpu_seconds"] * rows["runs"] / end["runs"], ":", color=colour)
    axes.set(xscale="log", yscale="log", xlabel="runs", ylabel="processor time (s)")
    axes.set_xlim(right=20 * table["runs"].max())
    axes.set_ylim(bottom=0.5 * float(np.min(table["cpu_seconds"])))
    for axis, ticks in ((axes.xaxis, sorted(set(table["runs"]))), (axes.yaxis, [3, 10, 30, 100, 300])):
        axis.set_ticks(ticks, [f"{tick:,}" for tick in ticks])
        axis.set_ticks([], minor=True)
    axes.grid(visible=True)
    settle(figure)
    save_chart(figure, path)


def main(folder: Path, sizes: list[int]) -> None:
    """Measure all sizes in a folder, and leave growth.csv and growth.svg there."""
    folder.mkdir(parents=True)
    os.chdir(folder)
    subprocess.run([str(Path(sys.executable).with_name("patchify")), *sweep(GROUPS)[1:]], check=True)
    rows = []
    for runs in sizes:
        grow(Path("mlruns/mlflow.db"), runs)
        megabytes = Path("mlruns/mlflow.db").stat().st_size / 2**20
        for command, words in COMMANDS.items():
            rows.append({"command": command, "runs": runs, "database_mb": megabytes} | measured(words(runs)))
            print(rows[-1], flush=True)
        shutil.rmtree(f"summary of {runs}")
    table = pd.DataFrame(rows).sort_values(["command", "runs"]).round(2)
    table.to_csv("growth.csv", index=False)
    chart(table, Path("growth"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]] or RUNS)
