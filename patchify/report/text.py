"""What a person adds to the report: title, author and free text, from a small YAML file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from patchify.config.names import nearest
from patchify.report import ReportError


@dataclass(slots=True, kw_only=True)
class Text:
    """All of it may be left out. Empty lines part paragraphs; `code` and **strong words** are as in Markdown.

    title: Assignment 3
    author: A. Student
    introduction: What I wanted to know.
    data:
      42fb3ed1: A JPEG-compressed copy.   # shown where some result is of a data set with this in its name
    remarks:
      longer: What I think of it.         # below the section of this name
    """

    title: str = "A patchify network"
    author: str = ""
    introduction: str = ""
    data: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)


NOTES = ("data", "remarks")
"""Keys of several texts, each with a name."""


def read_text(path: Path, sections: Sequence[str]) -> Text:
    """The text in a file; sections: names that remarks may have. Raises ReportError for what is no such text."""
    try:
        loaded = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ReportError(f"{path} must be YAML, as `title: My report`: {' '.join(str(error).split())}") from error
    given = _mapping(path, "the text", loaded, [setting.name for setting in fields(Text)])
    words: dict[str, Any] = {key: _words(path, key, value) for key, value in given.items() if key not in NOTES}
    notes: dict[str, Any] = {key: _notes(path, key, given[key], sections) for key in NOTES if key in given}
    return Text(**words, **notes)


def _notes(path: Path, key: str, value: object, sections: Sequence[str]) -> dict[str, str]:
    found = _mapping(path, key, value, sections if key == "remarks" else None)
    return {name: _words(path, f"{key}.{name}", text) for name, text in found.items()}


def _mapping(path: Path, what: str, value: object, known: Sequence[str] | None) -> dict[str, object]:
    """Without names that have no value."""
    if not isinstance(value, dict | None):
        raise ReportError(f"{path}: {what} must be lines of NAME: TEXT: got {value!r}; begin with a name and a colon")
    for key in value or {}:
        if known is not None and key not in known:
            there = nearest(str(key), list(known))
            raise ReportError(f"{path}: {what} must have names that there are: got {key}; {there}")
    return {str(key): found for key, found in (value or {}).items() if found is not None}


def _words(path: Path, what: str, value: object) -> str:
    if not isinstance(value, str | int | float):
        raise ReportError(f"{path}: {what} must be text: got {value!r}; quote it, or begin it with |")
    return str(value).strip()
