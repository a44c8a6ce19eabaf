"""Setting the document with Typst: one template makes the PDF and the page of HTML."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from patchify.report import ReportError
from patchify.report.blocks import Block, Document, Table

TEMPLATE = Path(__file__).with_name("template.typ")
FIGURE_SPACE = "\N{FIGURE SPACE}"


def write(document: Document, folder: Path) -> list[Path]:
    """Write report.pdf and report.html into the folder, the same bytes for the same document; returns their paths.

    Fonts are those that come with Typst, and there is no date. Raises ReportError, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(_plain(document))
    written = []
    for kind in ("pdf", "html"):
        try:
            made = typst.compile(
                TEMPLATE.read_bytes(), format=kind, ignore_system_fonts=True, sys_inputs={"content": content}
            )
        except typst.TypstError as error:
            raise ReportError(f"the report can't be set as {kind}: {error.message}; patchify-summarize anew") from error
        written.append(folder / f"report.{kind}")
        written[-1].write_bytes(made)
    return written


def _plain(document: Document) -> dict[str, Any]:
    """As the template reads it."""
    sections = [
        {"title": section.title, "blocks": [_block(block) for block in section.blocks]} for section in document.sections
    ]
    return {"title": document.title, "author": document.author, "sections": sections}


def _block(block: Block) -> dict[str, Any]:
    found = {"kind": type(block).__name__.lower(), **asdict(block)}
    if isinstance(block, Table):
        columns = [aligned(list(column)) for column in zip(*block.rows, strict=True)]
        found["rows"] = [list(row) for row in zip(*columns, strict=True)]
    return found


def aligned(column: list[str]) -> list[str]:
    """Numbers with intervals, filled up so that their points and signs stand in line where they end in line.

    >>> [text.replace(FIGURE_SPACE, "_") for text in aligned(["230.9 ± 75.4", "4.6 ± 6.1"])]
    ['230.9 ± 75.4', '4.6 ± _6.1']
    """
    parts = [text.partition(" ± ") for text in column]
    widest = max((len(after) for *_, after in parts), default=0)
    return [
        f"{mean}{between}{FIGURE_SPACE * (widest - len(after))}{after}" if between else mean
        for mean, between, after in parts
    ]
