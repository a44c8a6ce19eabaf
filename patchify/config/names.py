"""Names that there are to choose among, and the one that was probably meant."""

import difflib
from pathlib import Path

CONF = next(parent / "conf" for parent in Path(__file__).parents[1:3] if (parent / "conf").is_dir())
"""The YAML files: inside the installed package, or beside it in a checkout."""


def options(group: str) -> list[str]:
    """Names of the options of a config group; those in folders below it as `folder/name`."""
    folder = CONF / group
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def unknown_key(key: str, known: list[str]) -> str:
    """Why `key` is refused, and what was probably meant."""
    return f"{key} must be a known setting: there is none of this name; {nearest(key, known)}"


def nearest(wanted: str, known: list[str]) -> str:
    """The remedy for a name that there is not."""
    close = difflib.get_close_matches(wanted, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"choose among {', '.join(known)}" if known else "patchify --cfg job shows all settings"
