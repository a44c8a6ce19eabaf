"""What a person sees while a network trains."""

import subprocess
import sys

import pytest

from patchify.core.evaluation import Evaluation
from patchify.core.training import Record
from patchify.display import Display


def test_without_a_terminal_every_evaluation_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    test = Evaluation(loss=1.2345, cost=1.3, accuracy=0.567)
    display = Display("[1/2] arch1 · seed 0", total=100)
    with display:
        display.show(Record(step=0, rate=1e-5, seconds=0.0, evaluations={"test": test}))
        display.show(Record(step=50, rate=0.1, seconds=1.0))  # a heartbeat
    display.conclude("done")
    assert capsys.readouterr().out.splitlines() == [
        "[1/2] arch1 · seed 0: update 0/100, rate 1.0e-05, test loss 1.234, accuracy 56.7 %",
        "[1/2] arch1 · seed 0: done",
    ]


def test_on_a_terminal_the_name_has_a_line_and_the_bar_the_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    test = Evaluation(loss=1.2345, cost=1.3, accuracy=0.567)
    display = Display("[1/2] arch5 · label_smoothing=0.1 · seed 0", total=24_000)
    with display:
        display.show(Record(step=12_000, rate=0.05, seconds=1.0, evaluations={"test": test}))
    display.conclude("done")
    out = capsys.readouterr().out
    assert out.startswith("[1/2] arch5 · label_smoothing=0.1 · seed 0\n")
    assert "12000/24000" in out
    assert "rate 5.0e-02, test loss 1.234, accuracy 56.7 %" in out
    assert out.endswith("  done\n")


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
