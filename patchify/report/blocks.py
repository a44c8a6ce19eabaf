"""What a report consists of. Texts may have `code` and **strong words** in them, as Markdown has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(slots=True, kw_only=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(slots=True, kw_only=True)
class Question:
    """What a section answers; it stays with what follows."""

    text: str


@dataclass(slots=True, kw_only=True)
class Points:
    """A list."""

    items: list[str]


@dataclass(slots=True, kw_only=True)
class Formulas:
    """Numbered formulas, in Typst's notation, and what their names mean."""

    lines: list[str]


@dataclass(slots=True, kw_only=True)
class Table:
    """Names in the first column, numbers in the others. A caption makes it a numbered table."""

    headings: list[str]
    rows: list[list[str]]
    caption: str = ""


@dataclass(slots=True, kw_only=True)
class Figure:
    """A chart as SVG, of the width of the text."""

    svg: str
    caption: str


Block = Paragraph | Question | Points | Formulas | Table | Figure


@dataclass(slots=True, kw_only=True)
class Section:
    """Blocks under a title."""

    title: str
    blocks: list[Block]


@dataclass(slots=True, kw_only=True)
class Document:
    """All of it; an author may be missing."""

    title: str
    author: str
    sections: list[Section]


def from_markdown(lines: Iterable[str], caption: str = "") -> list[Block]:
    """Paragraphs and tables of a study's README; caption: of its tables.

    >>> from_markdown(["One", "two.", "", "| run | n |", "| --- | --- |", "| arch1 | 3 |"])
    [Paragraph(text='One two.'), Table(headings=['run', 'n'], rows=[['arch1', '3']], caption='')]
    """
    parts = ("\n".join(lines)).split("\n")
    blocks: list[Block] = []
    for filled, group in groupby(parts, key=lambda line: bool(line.strip())):
        if filled:
            found = list(group)
            blocks.append(_table(found, caption) if found[0].startswith("|") else Paragraph(text=" ".join(found)))
    return blocks


def _table(lines: Sequence[str], caption: str) -> Table:
    headings, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return Table(headings=headings, rows=rows, caption=caption)
