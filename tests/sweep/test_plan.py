"""The plan of a sweep: every job with its key, its work and its time; nothing is run, nothing is left behind."""

import subprocess
import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from patchify.core.model.architecture import Architecture
from patchify.core.model.evaluation import EvaluationSettings
from patchify.core.training.schedules import Constant
from patchify.data.dataset import Dataset
from patchify.data.prepare import prepare
from patchify.data.source import RawData
from patchify.data.textures import Textures
from patchify.display.plan import PlannedJob, show_plan
from patchify.sweep.plan import plan
from tests.conftest import TINY, Command
from tests.sweep.test_loading import SMALL, a_run

UPDATE, IMAGE = 31_788_000, 126_440
"""Operations of the baseline, as tests/core/test_operations.py works them out; its batches are of 100 images."""


def jobs_of(out: str) -> list[list[str]]:
    """The words of each row of a plan, without heading and summary."""
    return [line.split() for line in out.splitlines()[1:-1]]


def test_a_plan_has_a_row_for_every_job_and_leaves_nothing_behind(patchify: Command, tmp_path: Path) -> None:
    outcome = patchify("-m", *TINY, "architecture=arch1,arch2", "seed=0,1", "plan=true")
    assert (outcome.status, outcome.err) == (0, "")
    heading, *_, summary = outcome.out.splitlines()
    assert heading.split() == ["run", "architecture", "seed", "state", "parameters", "GFLOP", "time"]
    assert [row[0] for row in jobs_of(outcome.out)] == ["1", "2", "3", "4"]
    chosen = [row[2:5] for row in jobs_of(outcome.out)]
    assert chosen == [["arch1", "0", "new"], ["arch1", "1", "new"], ["arch2", "0", "new"], ["arch2", "1", "new"]]
    assert len({row[1] for row in jobs_of(outcome.out)}) == 4, "each has a key of its own"
    assert summary.startswith("4 of 4 to do, about 0:")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("launcher", ["local", "basic"])
def test_a_single_run_has_a_plan_of_one_row(launcher: str, patchify: Command, tmp_path: Path) -> None:
    outcome = patchify(*TINY, f"hydra/launcher={launcher}", "plan=true")
    (row,) = jobs_of(outcome.out)
    assert row[2:4] == ["new", "33,050"]
    assert outcome.out.splitlines()[-1].endswith("on 1 worker")
    assert (outcome.status, list(tmp_path.iterdir())) == (0, [])


def test_one_job_that_cannot_be_run_is_named_and_there_is_no_plan(patchify: Command, tmp_path: Path) -> None:
    outcome = patchify("-m", *TINY, "seed=0,1,-7", "regularizer.l2=0,0.1", "plan=true")
    assert (outcome.status, outcome.out, list(tmp_path.iterdir())) == (2, "", [])
    assert "seed must be at least 0: got -7" in outcome.err
    assert "seed=-7 regularizer.l2=0" in outcome.err.partition("in the job")[2]


def test_a_plan_needs_neither_mlflow_nor_matplotlib() -> None:
    code = "import sys; sys.argv[0] = 'patchify'; from patchify.commands.train import main; main()"
    code += "; print(*[name for name in ('mlflow', 'matplotlib') if name in sys.modules], file=sys.stderr)"
    command = [sys.executable, "-c", code, *TINY, "plan=true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "\n")


def test_the_work_of_a_run_is_that_of_its_updates_and_of_its_evaluations() -> None:
    run = replace(a_run(SMALL), batch_size=20)  # 10 updates; records at 0, 2, 5, 7 and 10
    work = UPDATE // 5 * 10 + IMAGE * 80 * 11
    (job,) = plan([run], [[]])
    assert job.operations == work
    assert job.parameters == 33_050
    (often,) = plan([replace(run, record_every=1)], [[]])
    assert often.operations == work


def test_views_of_every_image_at_the_end_are_work_and_time_too() -> None:
    run = replace(a_run(SMALL), batch_size=20)
    (plain,) = plan([run], [[]])
    (viewed,) = plan([replace(run, evaluation=EvaluationSettings(view_shift=2))], [[]])
    assert viewed.operations == plain.operations + IMAGE * 80 * 18


def test_more_updates_and_larger_networks_take_longer() -> None:
    run = a_run(SMALL)
    longer = replace(run, schedule=Constant(eta=0.1, updates=10_000))
    larger = replace(longer, architecture=Architecture(filter_sizes=[4], filter_counts=[160], hidden=[300]))
    seconds = [job.seconds for job in plan([run, longer, larger], [["a=1"], ["a=2"], ["a=3"]])]
    assert 0 < seconds[0] < seconds[1] < seconds[2]


def test_data_sets_come_in_turn_and_jobs_stay_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    made, prepared = list[int](), list[weakref.ref[np.ndarray]]()

    def read_alone(source: Textures, read: Callable[[Textures], RawData] = Textures.read) -> RawData:
        assert all(images() is None for images in prepared), "no other data set is held"
        made.append(source.seed)
        return read(source)

    def remembered(source: Textures, dtype: str) -> Dataset:
        dataset = prepare(source, dtype)
        prepared.append(weakref.ref(dataset.train.images))
        return dataset

    monkeypatch.setattr("patchify.data.prepare._last", {})
    monkeypatch.setattr("patchify.sweep.plan.prepare", remembered)
    monkeypatch.setattr(Textures, "read", read_alone)
    seeds = [1, 0, 1, 0]
    planned = plan([a_run(replace(SMALL, seed=seed)) for seed in seeds], [[f"data.seed={seed}"] for seed in seeds])
    assert made == [0, 1], "each is made once"
    assert [job.settings for job in planned] == [{"data.seed": str(seed)} for seed in seeds]
    assert planned[0].key == planned[2].key != planned[1].key == planned[3].key


def a_job(number: int, seconds: float) -> PlannedJob:
    return PlannedJob(
        key=f"{number:064x}"[::-1],
        settings={"architecture": "arch2_wide", "regularizer.label_smoothing": "0.1", "seed": str(number)},
        parameters=33_050,
        operations=12_345_678_900,
        seconds=seconds,
    )


def test_the_table_is_aligned_and_counts_only_what_is_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [a_job(1, 60.0), a_job(2, 3661.0), a_job(3, 59.6)]
    show_plan(jobs, ["interrupted", "done", "failed"], workers=2)
    assert capsys.readouterr().out.splitlines() == [
        "   run       architecture  label_smoothing  seed  state        parameters  GFLOP     time",
        "1  10000000  arch2_wide    0.1              1     interrupted      33,050   12.3  0:01:00",
        "2  20000000  arch2_wide    0.1              2     done             33,050   12.3  1:01:01",
        "3  30000000  arch2_wide    0.1              3     failed           33,050   12.3  0:01:00",
        "2 of 3 to do, about 0:01:00 on 2 workers",
    ]


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_table_is_80_columns_wide_where_the_terminal_has_less_and_no_number_is_lost(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", columns)
    show_plan([a_job(1, 60.0)], ["interrupted"], workers=2)
    *table, _ = capsys.readouterr().out.splitlines()
    assert max(map(len, table)) == 80
    assert {"1", "10000000", "interrupted", "33,050", "12.3", "0:01:00"} <= set(" ".join(table).split())


def test_nothing_to_do_takes_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    show_plan([a_job(1, 60.0)], ["done"], workers=2)
    assert capsys.readouterr().out.endswith("0 of 1 to do, about 0:00:00 on 2 workers\n")
