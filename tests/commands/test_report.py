"""The command `patchify-report`: a PDF and a page of HTML, the same bytes from the same results."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from patchify.commands.report import main
from patchify.report import ReportError, setting
from patchify.report.blocks import Block, Document, Figure, Paragraph, Section, Table
from tests.conftest import Command, command
from tests.report import made


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Command:
    return command(main, "patchify-report", capsys)


def test_two_processes_write_the_same_bytes_at_different_times(tmp_path: Path) -> None:
    made.everything(tmp_path / "experiments")
    code = "from patchify.commands.report import main; main()"
    for seed, folder in (("1", "first"), ("2", "second")):  # which take seconds, so that the clock shows other ones
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        python = [sys.executable, "-c", code, "--out", folder]
        done = subprocess.run(python, capture_output=True, text=True, check=True, env=environment)
        assert done.stdout == f"{folder}/report.pdf\n{folder}/report.html\n"
        assert done.stderr == ""
    for name in ("report.pdf", "report.html"):
        assert Path("first", name).read_bytes() == Path("second", name).read_bytes(), name
    pdf, html = (Path("first", name).read_bytes() for name in ("report.pdf", "report.html"))
    assert pdf.startswith(b"%PDF-")
    assert b"CreationDate" not in pdf
    text = re.sub(r"base64,[\w+/=]+", "", html.decode())
    assert text.count('<img src="data:image/svg+xml;') == 11
    assert "<math" in text
    assert not re.search(r'(src|href)="(?!data:|#)', text), "something lies outside of the page"
    assert "url(" not in text
    assert "arch3 beats arch2 by 3.1\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.1 points" in text


def test_the_text_beside_the_results_is_taken_and_another_where_it_is_named(report: Command) -> None:
    Path("report.yaml").write_text("title: Of my own\n")
    Path("other.yaml").write_text("title: Of another\nauthor: Somebody\n")
    assert report().status == 0
    assert "<h1>Of my own</h1>" in Path("report/report.html").read_text()
    assert report("--text", "other.yaml", "--out", "deep/down").status == 0
    html = Path("deep/down/report.html").read_text()
    assert "<h1>Of another</h1>" in html
    assert "<p>Somebody</p>" in html


def test_a_text_that_can_not_be_read_ends_it(report: Command) -> None:
    Path("report.yaml").write_text("titel: Of my own\n")
    outcome = report()
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == (
        "patchify-report: report.yaml: the text must have names that there are: got titel; did you mean title?\n"
    )


def test_damaged_results_are_complained_of_and_the_rest_is_written(report: Command) -> None:
    made.study(Path("experiments/longer"))
    Path("experiments/longer/results.csv").write_text("run\n")
    outcome = report()
    assert outcome.status == 0
    assert outcome.err.startswith("patchify-report: experiments/longer/results.csv must have the columns data, seed, ")
    assert outcome.out == "report/report.pdf\nreport/report.html\n"


def test_what_looks_like_markup_stands_as_it_is(tmp_path: Path) -> None:
    name = "a*b_c #d $e$ <f> [g] \\h"
    blocks: list[Block] = [
        Paragraph(text=f"{name}, `#{name}` and **-1.5 ± 0.5**"),
        Table(headings=["run"], rows=[[name]]),
    ]
    setting.write(Document(title=name, author=name, sections=[Section(title=name, blocks=blocks)]), tmp_path)
    html = (tmp_path / "report.html").read_text()
    escaped = name.replace("<f>", "&lt;f&gt;")
    assert html.replace("<f>", "&lt;f&gt;").replace("&gt;", ">").count(escaped.replace("&gt;", ">")) >= 5
    assert "<strong>\N{MINUS SIGN}1.5\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.5</strong>" in html


def test_a_chart_that_is_none_is_refused(tmp_path: Path) -> None:
    broken = Document(
        title="", author="", sections=[Section(title="", blocks=[Figure(svg="<svg", caption="of nothing")])]
    )
    with pytest.raises(ReportError, match="the report can't be set as pdf: failed to parse SVG"):
        setting.write(broken, tmp_path)
