"""Where a search is: its key, and its folder below the tracking folder."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from patchify.config.identity import run_key
from patchify.config.schema import Run
from patchify.config.search import Search
from patchify.data.prepare import prepare

SEARCHES = "searches"


@dataclass(slots=True, kw_only=True, frozen=True)
class Place:
    """A search of this name on this machine.

    key: of all that makes its trials comparable, their settings, data and space; first: the run of a possible trial
    folder: of the trials
    """

    name: str
    search: Search
    key: str
    first: Run
    folder: Path


def place(name: str, search: Search) -> Place:
    """Where the search is; another space, base or data set is another search. Raises DataError."""
    first = search.composed({key: dimension.ends[0] for key, dimension in search.space.items()}).run
    space = {key: asdict(dimension) for key, dimension in search.space.items()}
    base = run_key(first, prepare(first.data, first.dtype.value).digest)
    key = hashlib.sha256(json.dumps(["search", first.study, base, space], sort_keys=True).encode()).hexdigest()
    folder = Path(first.tracking.folder) / SEARCHES / f"{name}-{key[:8]}"
    return Place(name=name, search=search, key=key, first=first, folder=folder)
