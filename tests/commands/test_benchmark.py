"""The command `patchify-benchmark`: what it refuses, skips, prints, writes and records."""

import importlib.util
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchify.benchmark import ComparisonError, worker
from patchify.benchmark.cells import Cell, Plan, Times
from patchify.benchmark.worker import measured
from patchify.commands import benchmark
from tests.benchmark.measured import FACTORS, PARTS, made_up

TINY = Cell(f=16, nf=3, nh=50)


def run(*words: str) -> int | str | None:
    """The exit status, or the message that stands for 1."""
    try:
        benchmark.main(words)
    except SystemExit as end:
        return end.code
    return 0


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch and JAX seem to be there."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch and JAX seem not to be there."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """What is to be measured; answered with times that are made up."""
    plans: list[Plan] = []

    def answered(plan: Plan) -> Iterator[Times]:
        plans.append(plan)
        known = {name: factor for name, factor in {**FACTORS, **PARTS}.items() if name in ("ours", *plan.names)}
        return (made_up(cell, known, threads=plan.threads) for cell in plan.cells)

    monkeypatch.setattr(benchmark, "measured", answered)
    monkeypatch.setattr(benchmark, "cores", lambda: 2)
    return plans


def test_an_unknown_name_is_answered_with_those_there_are(asked: list[Plan]) -> None:
    message = run("--quick", "--only", "pytroch")
    assert message == (
        "patchify-benchmark: there is no implementation 'pytroch': choose among floor, pytorch, jax, einsum"
    )
    assert not asked


def test_one_that_is_not_installed_is_refused_when_asked_for(missing: None, asked: list[Plan]) -> None:
    assert run("--quick", "--only", "einsum,jax") == (
        "patchify-benchmark: jax is not installed: make benchmark installs it"
    )
    assert not asked


def test_one_that_is_not_installed_is_skipped_by_name_when_not(
    missing: None, asked: list[Plan], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--quick") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "pytorch skipped: not installed; make benchmark installs it",
        "jax skipped: not installed; make benchmark installs it",
    ]
    assert lines[-1] == "geomean floor=1.25 pytorch=nan jax=nan einsum=9.0"
    assert asked[0].names == ["floor", "einsum"]


@pytest.mark.parametrize("threads", ["3", "1,64", "0"])
def test_threads_that_the_cores_do_not_allow_are_refused(threads: str, asked: list[Plan]) -> None:
    number = threads.rpartition(",")[2]
    rule = f"patchify-benchmark: --threads must lie in 1..2, the cores there are: got {number}; choose among these"
    assert run("--threads", threads) == rule
    assert not asked


def test_words_that_are_no_numbers_of_threads_are_refused(
    asked: list[Plan], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--threads", "two") == 2
    assert "argument --threads: must be numbers such as 1,2: got 'two'" in capsys.readouterr().err


def test_a_quick_comparison_is_five_networks_on_one_thread_and_writes_nothing(
    installed: None, asked: list[Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--quick") == 0
    assert [(plan.threads, len(plan.cells)) for plan in asked] == [(1, 5)]
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("[1/5] 1 thread f=2 nf=3 nh=50: ours 1,300 µs; over ours: floor 0.80, pytorch 2.50, ")
    assert lines[-1] == "geomean floor=1.25 pytorch=2.50 jax=1.25 einsum=9.0"
    assert list(tmp_path.iterdir()) == []


def test_a_full_comparison_is_the_grid_on_one_and_two_threads(installed: None, asked: list[Plan]) -> None:
    plans = benchmark.plan(quick=False, only=None, threads=None)
    assert [(plan.threads, len(plan.cells)) for plan in plans] == [(1, 32), (2, 32)]


def test_one_core_is_enough_unless_two_threads_are_asked_for(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "cores", lambda: 1)
    assert [plan.threads for plan in benchmark.plan(quick=False, only=None, threads=None)] == [1]


def test_what_is_written_is_recorded_too_one_run_a_cell_below_one_of_all(asked: list[Plan], made_store: Path) -> None:
    assert run("--quick", "--out", "quickly", "--only", "einsum", "--folder", str(made_store)) == 0
    assert "`patchify-benchmark --quick --out quickly --only einsum " in Path("quickly/README.md").read_text()
    from patchify.store.opening import address_of, existing_store  # noqa: PLC0415

    store = existing_store(address_of(None, str(made_store)))
    runs = store.client.search_runs([store.experiment("quickly")])
    (whole,) = [run for run in runs if run.info.run_name == "comparison"]
    cells = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == whole.info.run_id]
    assert whole.data.metrics == {"geomean_1_threads/einsum": pytest.approx(9)}
    assert {file.path for file in store.client.list_artifacts(whole.info.run_id)} >= {"README.md", "ratio.png"}
    assert len(cells) == 5
    (one,) = [run for run in cells if run.info.run_name == "threads=1 f=4 nf=40 nh=300"]
    assert one.data.params == {"threads": "1", "f": "4", "nf": "40", "nh": "300"}
    assert one.data.metrics["cpu_ratio/einsum"] == 9
    assert one.data.metrics["cpu_us/ours"] == 1300


def test_a_store_that_cannot_be_used_is_said_before_anything_is_measured(asked: list[Plan]) -> None:
    message = run("--quick", "--out", "quickly", "--uri", "nowhere")
    assert "patchify-benchmark: nowhere is no store" in str(message)
    assert not asked


def test_ctrl_c_says_that_nothing_was_written(
    asked: list[Plan], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(plan: Plan) -> Iterator[Times]:
        yield made_up(plan.cells[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(benchmark, "measured", interrupted)
    assert run("--quick") == 130
    assert capsys.readouterr().err == "patchify-benchmark: interrupted; results are written only when all is measured\n"


def test_help_says_what_the_last_line_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "geomean floor=1.18 pytorch=2.40" in capsys.readouterr().out


def plan(cells: int) -> Plan:
    return Plan(cells=[TINY] * cells, names=["floor", "einsum"], threads=1, images=2000, seconds=0)


def test_a_process_of_its_own_measures_on_as_many_cores_as_threads() -> None:
    before = os.sched_getaffinity(0)
    answers = measured(plan(100))
    times = next(answers)
    (process,) = multiprocessing.active_children()
    assert process.pid is not None
    assert len(os.sched_getaffinity(process.pid)) == 1  # what JAX goes by
    assert os.sched_getaffinity(0) == before
    answers.close()  # type: ignore[attr-defined]  # a generator, to others an iterator
    assert list(times.cpu) == ["ours", "einsum", "floor"]
    assert times.repeats == 7
    assert min(min(seconds) for seconds in times.cpu.values()) > 0


def test_a_process_that_ends_early_is_said_to_have() -> None:
    answers = measured(plan(500))
    next(answers)
    (process,) = multiprocessing.active_children()
    process.kill()
    with pytest.raises(ComparisonError, match="the measuring process ended early, with exit status -9"):
        list(answers)


def test_no_process_stays_when_nobody_listens_any_more() -> None:
    answers = measured(plan(500))
    next(answers)
    answers.close()  # type: ignore[attr-defined]  # a generator, to others an iterator
    assert multiprocessing.active_children() == []


class Sent(list[object]):
    """A connection that keeps what is sent."""

    def send(self, what: object) -> None:
        self.append(what)


def test_a_refusal_is_an_answer_of_the_measuring_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(plan: Plan) -> Iterator[Times]:
        yield made_up(TINY)
        raise ComparisonError("jax does other work than ours")

    monkeypatch.setattr(worker, "measure_cells", refusing)
    before = signal.getsignal(signal.SIGINT)
    sent = Sent()
    try:
        worker._answer(plan(2), sent)  # type: ignore[arg-type]
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(sent[0], Times)
    assert str(sent[1]) == "jax does other work than ours"
