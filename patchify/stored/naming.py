"""Runs by what a person calls them: an id, a key, the beginning of either, or the best of a study."""

import difflib
import re
from dataclasses import dataclass, replace

from patchify.store import StoreError
from patchify.store.address import public
from patchify.store.opening import Store
from patchify.stored.run import KEY, RESULTS, StoredRun
from patchify.stored.runs import stored_runs, study_names
from patchify.stored.source import asking

BEST = "best:"
SHORTEST = 6
"""Letters of an id or a key that are enough."""
SHOWN = 8
"""Letters of an id or a key that a person is shown."""


@dataclass(slots=True, kw_only=True, frozen=True)
class NamedRun:
    """A finished run that somebody asked for.

    images: "test" or "validation", those that `accuracy` is of
    chosen: of which runs it is the best, in words, if the best was asked for
    """

    run: StoredRun
    images: str
    accuracy: float
    chosen: str = ""

    @property
    def about(self) -> str:
        """The run in a sentence."""
        name = f"{self.run.name} (run {self.run.id[:SHOWN]}), trained on {self.run.tags['data']}"
        return f"{name}: {self.images} accuracy {100 * self.accuracy:.1f} %{self.chosen}"


def named_run(store: Store, name: str) -> NamedRun:
    """The finished run of this name; of several with one key the one that was started last.

    The best of a study is that with the best test accuracy; where no run has one, validation accuracy.
    Raises StoreError where there is none, or more than one; Unreachable, OSError.
    """
    if name.startswith(BEST):
        return _best(store, name.removeprefix(BEST))
    found = _beginning(store, name)
    if not found:
        raise StoreError(f"there is no run {name} in {public(store.address)}: {_nearest(store, name)}")
    trained = [run for run in found if KEY in run.tags]
    if not trained:
        remedy = f"name one of its runs, or {BEST}STUDY"
        raise StoreError(f"RUN must be one run: {name} is the sweep {found[0].name!r}; {remedy}")
    if len({run.tags[KEY] for run in trained}) > 1:
        several = ", ".join(f"{run.id} ({run.name})" for run in trained)
        raise StoreError(f"RUN must be one run: {name} is how {len(trained)} begin; give more letters: {several}")
    finished = [run for run in trained if _is_done(run)]
    if not finished:
        last = trained[-1]
        raise StoreError(f"RUN must be finished: {last.name!r} is {last.status}; train it to its end first")
    return _scored(finished[-1])


def _beginning(store: Store, name: str) -> list[StoredRun]:
    """The runs whose id or key begins so, oldest first."""
    if not re.fullmatch(f"[0-9a-f]{{{SHORTEST},}}", name):
        rule = f"RUN must be {BEST}STUDY, or a run's id or key, or at least the first {SHORTEST} letters of one"
        raise StoreError(f"{rule}: got {name!r}; {_nearest(store, name)}")
    with asking(store) as source:
        return sorted(source.beginning(name), key=lambda run: run.started)


def _best(store: Store, study: str) -> NamedRun:
    finished = [run for run in stored_runs(store, study) if _is_done(run)]
    if not finished:
        reason = "has no finished run" if study in study_names(store) else f"is not in {public(store.address)}"
        raise StoreError(f"the study {study} {reason}: {_nearest(store, BEST + study)}")
    scored = [_scored(run) for run in finished]
    compared = [one for one in scored if one.images == "test"] or scored
    best = max(compared, key=lambda one: one.accuracy)
    among = f"{len(compared)} finished runs" if len(compared) > 1 else "one finished run"
    return replace(best, chosen=f", the best of {among} of {study}")


def _scored(run: StoredRun) -> NamedRun:
    result = next(name for name in RESULTS if name in run.metrics)
    return NamedRun(run=run, images=result.partition("/")[0], accuracy=run.metrics[result])


def _nearest(store: Store, name: str) -> str:
    """The remedy for a name that no run has: what is most like it of all that could be named."""
    finished = {study: [run for run in stored_runs(store, study) if _is_done(run)] for study in study_names(store)}
    begun = [study for study, runs in finished.items() if runs]
    if not begun:
        return "it holds no finished run yet; train first (patchify)"
    names = {word: BEST + study for study in begun for word in (study, BEST + study)}
    for run in (run for runs in finished.values() for run in runs):
        shown = f"{run.id[:SHOWN]} ({run.name})"
        names |= {run.id[: len(name)]: shown, run.tags[KEY][: len(name)]: shown, run.name: shown}
    close = dict.fromkeys(names[word] for word in difflib.get_close_matches(name, names, n=3))
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are {', '.join(BEST + study for study in begun)}; patchify-ui shows all runs"


def _is_done(run: StoredRun) -> bool:
    return run.status == "FINISHED"
