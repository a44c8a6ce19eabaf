"""What the trials of a search have shown, as plain numbers."""

import math
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from patchify.config.search import Dimension, Value
from patchify.search import SearchError
from patchify.search.place import Place
from patchify.search.trials import Result, Trials

STATES = ("done", "pruned", "failed", "unfinished")
OWN = ("data.validation",)
"""Settings of the search's own, which whoever trains the best setting leaves to the defaults."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Findings:
    """Trials in their order, what became of them, and what they say.

    best: the trial with the highest validation accuracy; sure: half of the 95 % interval of that accuracy for the
        number of validation images
    as_good: trials that came to their end within two such intervals' difference of the best
    importances: by setting, none where there are too few trials
    """

    results: list[Result]
    counts: dict[str, int]
    best: Result
    sure: float
    as_good: list[Result]
    importances: dict[str, float]


def findings(place: Place) -> Findings:
    """Of the trials made so far. Raises SearchError where none has come to its end."""
    trials = Trials(place.search, place.folder)
    results = trials.results()
    states = Counter(result.state for result in results)
    counts = {state: states[state] for state in STATES if states[state]}
    done = [result for result in results if result.state == "done"]
    if not done:
        told = ", ".join(f"{count} {state}" for state, count in counts.items()) or "none was begun"
        raise SearchError(f"no trial of the search {place.name} has come to its end ({told}): start it again")
    best = max(done, key=_accuracy)
    images, p = place.first.data.validation, _accuracy(best)
    sure = 1.96 * math.sqrt(p * (1 - p) / images)
    as_good = [result for result in done if _accuracy(result) >= p - math.sqrt(2) * sure]
    return Findings(
        results=results, counts=counts, best=best, sure=sure, as_good=as_good, importances=trials.importances()
    )


def _accuracy(result: Result) -> float:
    return -math.inf if result.accuracy is None else result.accuracy


def span(key: str, dimension: Dimension, results: Sequence[Result]) -> str:
    """The values of a setting in some trials: from the lowest to the highest, or the choices among them."""
    values = {result.settings[key] for result in results}
    if dimension.choices:
        return ", ".join(str(choice) for choice in dimension.choices if choice in values)
    numbers = sorted(value for value in values if not isinstance(value, str))
    return f"{numbers[0]:g}" if len(numbers) == 1 else f"{numbers[0]:g} to {numbers[-1]:g}"


def command(place: Place, values: dict[str, Value]) -> str:
    """What to type to train this setting with three seeds, on the test images, too."""
    base = {key: value for key, value in place.search.base.items() if key not in {*OWN, "seed", "study"}}
    words = place.search.words({**base, **values})
    return shlex.join(["patchify", "-m", f"study=best-{place.name}", *words, "seed=0,1,2"])
