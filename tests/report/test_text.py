"""The small YAML file with title, author and free text: what it may hold, and what is refused."""

from pathlib import Path

import pytest

from patchify.report import ReportError
from patchify.report.document import PARTS
from patchify.report.text import Text, read_text

SECTIONS = ["baseline", "longer"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "report.yaml"


def test_all_of_it_may_be_given_and_all_of_it_left_out(file: Path) -> None:
    file.write_text(
        "title: Assignment 3\nauthor: A. Student\nintroduction: |\n  One.\n\n  Two.\n"
        "data: {12345678: A copy.}\nremarks: {longer: Worth it., baseline: }\n"
    )
    assert read_text(file, SECTIONS) == Text(
        title="Assignment 3",
        author="A. Student",
        introduction="One.\n\nTwo.",
        data={"12345678": "A copy."},
        remarks={"longer": "Worth it."},
    )
    file.write_text("")
    assert read_text(file, SECTIONS) == Text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("titel: A", "the text must have names that there are: got titel; did you mean title?"),
        ("remarks: {longr: x}", "remarks must have names that there are: got longr; did you mean longer?"),
        ("title: [1, 2]", "title must be text: got [1, 2]; quote it, or begin it with |"),
        ("remarks: {longer: {a: b}}", "remarks.longer must be text: got {'a': 'b'};"),
        ("remarks: hello", "remarks must be lines of NAME: TEXT: got 'hello';"),
        ("- title", "the text must be lines of NAME: TEXT: got ['title'];"),
        ("title: 'A", "must be YAML, as `title: My report`: while scanning a quoted scalar"),
    ],
)
def test_what_is_no_such_text_is_refused_with_a_remedy(content: str, message: str, file: Path) -> None:
    file.write_text(content)
    with pytest.raises(ReportError) as refused:
        read_text(file, SECTIONS)
    assert str(refused.value).startswith(str(file))
    assert message in str(refused.value)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(ReportError, match=r"report\.yaml must be YAML, .* No such file"):
        read_text(file, SECTIONS)


def test_the_file_of_this_repository_is_such_a_text() -> None:
    text = read_text(Path(__file__).parents[2] / "report.yaml", list(PARTS))
    assert "JPEG" in text.data["42fb3ed1"]
