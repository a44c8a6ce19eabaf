"""What groups of runs are called in tables and charts."""

import re
from collections import Counter
from collections.abc import Sequence

from patchify.config.identity import shared_words, short, without
from patchify.stored.run import StoredRun


def names_by(runs: Sequence[StoredRun], by: Sequence[str]) -> dict[str, str]:
    """What to call each run's group of equal settings `by`."""
    return {run.id: " · ".join(f"{short(key)}={run.params.get(key, '')}" for key in by) for run in runs}


def names_of(runs: Sequence[StoredRun], settings: Sequence[str]) -> dict[str, str]:
    """What to call each run's group of equal settings.

    Its shortest label, without what the labels of all groups share but the first word, and with the settings that
    labels with the same first word state; where groups would otherwise be called the same, with the settings in which
    these differ.
    """
    groups = {run.id: tuple(run.params.get(key, "") for key in settings) for run in runs}
    labels: dict[tuple[str, ...], str] = {}
    for run in sorted(runs, key=lambda run: (len(run.tags["label"]), run.tags["label"])):
        labels.setdefault(groups[run.id], run.tags["label"])
    labels = _stating_alike(labels, settings)
    common = shared_words(labels.values())
    labels = {group: without(label, common) for group, label in labels.items()}
    while shared := [label for label, count in Counter(labels.values()).items() if count > 1]:
        for label in shared:
            _tell_apart(labels, label, settings)
    return {run.id: labels[groups[run.id]] for run in runs}


def _stating_alike(labels: dict[tuple[str, ...], str], settings: Sequence[str]) -> dict[tuple[str, ...], str]:
    """The labels of groups, where one that leaves out a setting that others of its network state has that, too.

    Else it would be called after which of its runs was trained first, and what was typed then.
    """
    places = {short(key): place for place, key in enumerate(settings)}
    stated: dict[str, list[str]] = {}
    for first, *words in sorted(
        (label.split(" · ") for label in labels.values()), key=lambda words: (-len(words), words)
    ):
        stated.setdefault(first, []).extend(map(_key, words))
    alike = {}
    for group, label in labels.items():
        first, *words = label.split(" · ")
        order = [key for key in dict.fromkeys(stated[first]) if key in places]
        lacking = [f"{key}={group[places[key]].replace(' ', '')}" for key in order if key not in map(_key, words)]
        if lacking:  # words that are no settings come first
            words = sorted([*words, *lacking], key=lambda word: order.index(_key(word)) if _key(word) in order else -1)
        alike[group] = " · ".join([first, *words])
    return alike


def _key(word: str) -> str:
    return word.partition("=")[0]


def _tell_apart(labels: dict[tuple[str, ...], str], label: str, settings: Sequence[str]) -> None:
    """Add to the label of the groups that share it the settings in which they differ."""
    alike = [group for group in labels if labels[group] == label]
    for key, values in zip(settings, zip(*alike, strict=True), strict=True):
        if len(set(values)) > 1:
            for group, value in zip(alike, values, strict=True):
                labels[group] += f" · {key.rpartition('.')[2]}={value}"


def natural(name: str) -> list[tuple[float, str]]:
    """Sorting key that puts `f=4` before `f=10`."""
    parts = re.findall(r"\d+\.?\d*|\D+", name)
    return [(float(part), "") if part[0].isdigit() else (-1.0, part) for part in parts]
