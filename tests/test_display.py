"""What a person sees while networks train."""

import subprocess
import sys

import pytest

from patchify.core.model.evaluation import Evaluation
from patchify.core.training.records import Record
from patchify.display.events import Finished, Started
from patchify.display.run import RunDisplay
from patchify.display.search import SearchDisplay
from patchify.display.sweep import SweepDisplay

TEST = Evaluation(loss=1.2345, cost=1.3, accuracy=0.567)
DONE = Finished(images="test", accuracy=0.567, loss=1.2345, seconds=4.96)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")


def test_without_a_terminal_every_evaluation_of_a_run_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with RunDisplay("[1/2] ") as display:
        display.show(Started(name="arch1 · seed 0", step=0, total=100))
        display.show(Record(step=0, rate=1e-5, seconds=0.0, cpu_seconds=0.0, evaluations={"test": TEST}))
        display.show(Record(step=50, rate=0.1, seconds=1.0, cpu_seconds=1.0))  # a heartbeat
        display.show(DONE)
    assert capsys.readouterr().out.splitlines() == [
        "[1/2] arch1 · seed 0: update 0/100, rate 1.0e-05, test loss 1.234, accuracy 56.7 %",
        "[1/2] arch1 · seed 0: test accuracy 56.70 %, loss 1.234, 5.0 s of training",
    ]


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_name_has_a_line_and_the_bar_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    with RunDisplay("[1/2] ") as display:
        display.show(Started(name="arch5 · label_smoothing=0.1 · seed 0", step=0, total=24_000))
        display.show(Record(step=12_000, rate=0.05, seconds=1.0, cpu_seconds=1.0, evaluations={"test": TEST}))
        display.show(DONE)
    out = capsys.readouterr().out
    assert out.startswith("[1/2] arch5 · label_smoothing=0.1 · seed 0\n")
    assert "12000/24000" in out
    assert "rate 5.0e-02, test loss 1.234, accuracy 56.7 %" in out
    assert out.endswith("  test accuracy 56.70 %, loss 1.234, 5.0 s of training\n")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def half_done(clock: Clock, name: str) -> SweepDisplay:
    """A sweep of four runs after a minute: one finished, one failed after 20 of 100 updates, one half done."""
    display = SweepDisplay([100] * 4, clock)
    for number in range(3):
        display.show(number, Started(name=f"{name} · seed {number}", step=0, total=100))
    for number, step in enumerate((100, 20, 50)):
        display.show(number, Record(step=step, rate=0.1, seconds=1.0, cpu_seconds=1.0, evaluations={"test": TEST}))
    display.show(0, DONE)
    display.end(0, failed=False)
    clock.now = 60
    display.end(1, failed=True)
    return display


def test_a_sweep_without_a_terminal_prints_results_and_seldom_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    display = half_done(clock, "arch1")
    for clock.now in (70, 80, 95):  # the last is more than half a minute after the line before
        display.show(2, Record(step=50, rate=0.1, seconds=1.0, cpu_seconds=1.0, evaluations={"test": TEST}))
    display.end(2, failed=True, reason="its process 7 was killed by SIGKILL")
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "[1/4] arch1 · seed 0: test accuracy 56.70 %, loss 1.234, 5.0 s of training",
        "1 of 4 runs done · 1 running · 1 failed · 1 to do · 0:53 left",
        "1 of 4 runs done · 1 running · 1 failed · 1 to do · 1:24 left",
    ]
    assert printed.err == "patchify: [3/4] arch1 · seed 2 failed: its process 7 was killed by SIGKILL\n"


@pytest.mark.usefixtures("terminal")
def test_a_sweep_on_a_terminal_has_a_line_and_a_bar_for_every_running_run(capsys: pytest.CaptureFixture[str]) -> None:
    display = half_done(Clock(), "arch5 · a=1 · batch_size=50 · label_smoothing=0.1 · step_size=400 · cycles=3")
    capsys.readouterr()
    display.console.print(display.picture())
    summary, row = capsys.readouterr().out.splitlines()
    assert "1 of 4 runs done · 1 running · 1 failed · 1 to do · 0:53 left" in summary
    assert row.startswith("[3/4] arch5 · a=1")
    assert "…  seed 2" in row, "a long name is cut, and still tells the run from its neighbours"
    assert row.rstrip().endswith("56.7 %")


def test_a_search_says_what_was_pruned_and_what_is_best_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    display = SearchDisplay(100, 5, [(0, "done"), (1, "failed")], best=0.4)
    for number in (2, 3):
        display.show(number, Started(name=f"arch1 · l2=0.{number} · seed 0", step=0, total=100))
        display.show(number, Record(step=20, rate=0.1, seconds=1.0, cpu_seconds=1.0, evaluations={"validation": TEST}))
    display.conclude(2, "pruned", "pruned at update 20")
    display.show(3, Finished(images="validation", accuracy=0.567, loss=1.2345, seconds=4.96))
    display.conclude(3, "done")
    assert capsys.readouterr().out.splitlines() == [
        "[3/5] arch1 · l2=0.2 · seed 0: pruned at update 20, 56.7 %",
        "[4/5] arch1 · l2=0.3 · seed 0: validation accuracy 56.70 %, loss 1.234, 5.0 s of training",
    ]
    summary = display.summary()
    assert summary.startswith("3 of 5 runs done · 1 of them pruned · 1 failed · 1 to do")
    assert summary.endswith(" · best 56.70 %")


def test_a_reader_that_leaves_does_not_stop_the_work() -> None:
    code = "import sys; from patchify.display import say; [say('x' * 99) for _ in range(999)]; sys.stderr.write('done')"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == "done"
    process.stderr.close()
    assert process.wait(timeout=30) == 0
