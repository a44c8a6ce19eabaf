"""The trials of a search, in one file that any number of processes work on; each trial is made by one of them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna
from filelock import FileLock, Timeout
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.pruners import SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, TrialState

from patchify.config.search import Search, Value
from patchify.search.file import open_study
from patchify.search.sampling import draw, rounded, sampler

KEPT = 3
"""Of as many trials one goes on, after a ninth and after a third of the updates (Li et al. 2020); and the first few."""
ENOUGH = 8
"""Trials that came to their end before anything is said of what matters."""
GOOD = 0.25
"""Share of the trials that count as good there."""
FAILURE = "failure"


@dataclass(slots=True, kw_only=True, frozen=True)
class Result:
    """What has become of a trial.

    state: "done", "pruned", "failed", or "unfinished" where a process left it, or is at it
    accuracy: on validation images, the last of a trial that was pruned; None where there is none
    settings: their values; facts: its run_key, and the updates and seconds of training, as far as they are known
    failure: the reason of one, or empty
    """

    number: int
    state: str
    accuracy: float | None
    settings: dict[str, Value]
    facts: dict[str, str | float]
    failure: str


@dataclass(slots=True, kw_only=True)
class Taken:
    """A trial that this process makes, with its values."""

    trial: optuna.Trial
    settings: dict[str, Value]

    @property
    def number(self) -> int:
        """Of the trial, from 0."""
        return self.trial.number

    def note(self, **facts: str | float) -> None:
        """Keep facts of the trial."""
        for key, fact in facts.items():
            self.trial.set_user_attr(key, fact)

    def hopeless(self, accuracy: float, step: int, total: int) -> bool:
        """Take note of a validation accuracy after some of all updates; whether the trial should be broken off."""
        known = self.trial.study.get_trials(deepcopy=False)[self.number].intermediate_values
        if step in known:  # from before it was interrupted
            return False
        self.trial.report(accuracy, step)
        self.trial.study.pruner = SuccessiveHalvingPruner(max(1, total // KEPT**2), KEPT)
        return step < total and self.trial.should_prune() and self.number >= KEPT


class Trials:
    """All trials of a search. Not for a process that forks: open them anew in each.

    folder: where the file and its locks lie; made if need be
    Raises SearchError where the file is damaged.
    """

    def __init__(self, search: Search, folder: Path) -> None:
        self.search, self.folder = search, folder
        (folder / "running").mkdir(parents=True, exist_ok=True)
        self.asking = FileLock(folder / "asking.lock")
        with self.asking:
            self.study = open_study(folder)

    @contextmanager
    def take(self, total: int) -> Iterator[Taken | None]:
        """One trial to make, which no other process makes meanwhile: first those that one left when it ended.

        None where there are `total` of them.
        """
        with self.asking:  # so that whoever asks next knows these values
            taken, lock = self._left_over() or self._new(total) or (None, None)
        try:
            yield taken
        finally:
            if lock:
                lock.release()

    def tell(self, taken: Taken, accuracy: float) -> None:
        """A trial is done."""
        self.study.tell(taken.number, accuracy)

    def tell_pruned(self, taken: Taken) -> None:
        """A trial was broken off."""
        self.study.tell(taken.number, state=TrialState.PRUNED)

    def fail(self, number: int, reason: str) -> None:
        """A trial failed; nothing where another process has taken it over.

        Optuna is told that it was broken off: its samplers pass over failed trials, and would try the same again.
        """
        with self.asking:
            trial = self.study.get_trials(deepcopy=False)[number]
            if trial.state is TrialState.RUNNING and (lock := self._lock(number)):
                optuna.Trial(self.study, trial._trial_id).set_user_attr(FAILURE, reason)
                self.study.tell(number, state=TrialState.PRUNED)
                lock.release()

    def results(self) -> list[Result]:
        """What has become of all trials, in their order."""
        return [_result(trial) for trial in self.study.get_trials(deepcopy=False)]

    def importances(self) -> dict[str, float]:
        """What share of the differences between good trials and all comes from each setting (PED-ANOVA).

        Watanabe, Bansal and Hutter 2023; empty where there are too few trials, or a single setting.
        """
        if len(self.search.space) < 2 or sum(result.state == "done" for result in self.results()) < ENOUGH:
            return {}
        with warnings.catch_warnings(action="ignore"):  # of ties, which count alike; Optuna 4 calls it experimental
            evaluator = PedAnovaImportanceEvaluator(target_quantile=GOOD)
            return dict(optuna.importance.get_param_importances(self.study, evaluator=evaluator))

    def _left_over(self) -> tuple[Taken, FileLock] | None:
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if lock := self._lock(trial.number):
                return self._taken(optuna.Trial(self.study, trial._trial_id)), lock
        return None

    def _new(self, total: int) -> tuple[Taken, FileLock] | None:
        number = len(self.study.get_trials(deepcopy=False))
        if number >= total:
            return None
        self.study.sampler = sampler(self.search, number)
        trial = self.study.ask()
        lock = self._lock(number)
        assert lock  # noqa: S101 - nobody else knows the trial yet
        return self._taken(trial), lock

    def _taken(self, trial: optuna.Trial) -> Taken:
        return Taken(trial=trial, settings=draw(trial, self.search.space))

    def _lock(self, number: int) -> FileLock | None:
        """That of a trial, unless another process has it; it lets go of it when it ends, however that happens."""
        lock = FileLock(self.folder / "running" / str(number))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock


def _result(trial: FrozenTrial) -> Result:
    state = {TrialState.COMPLETE: "done", TrialState.PRUNED: "pruned"}.get(trial.state, "unfinished")
    last = max(trial.intermediate_values, default=None)
    return Result(
        number=trial.number,
        state="failed" if FAILURE in trial.user_attrs else state,
        accuracy=trial.value if last is None or trial.value is not None else trial.intermediate_values[last],
        settings=rounded(trial.params),
        facts={key: value for key, value in trial.user_attrs.items() if key != FAILURE},
        failure=trial.user_attrs.get(FAILURE, ""),
    )
