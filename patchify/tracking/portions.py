"""How much is sent at once: what MLflow takes, and what is worth a note that it was sent."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from patchify.journal.journal import Entry

METRICS = 1000
TAGS = 100
"""What MLflow takes at once; as many settings as tags."""

Item = TypeVar("Item")


def portions(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Lines to send before it is noted that they were: about a batch of metrics, or one end or resumption alone."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        turn = entry.kind in {"end", "resumed"}
        if portion and (turn or size >= METRICS):
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += METRICS if turn else len(entry.content.get("metrics", ()))
    if portion:
        yield portion


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in their order, so many at a time."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
