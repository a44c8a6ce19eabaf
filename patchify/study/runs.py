"""Which study is asked for, and which of the store's runs count for it."""

from collections import Counter
from collections.abc import Sequence

from patchify.config.catalog import Study, command, has_file, study
from patchify.config.door import explain
from patchify.store.opening import Store
from patchify.stored.files import config_of
from patchify.stored.run import StoredRun
from patchify.stored.runs import asked_of, stored_runs, study_names
from patchify.study import ResultsError


def counted(store: Store, name: str, data: str | None) -> tuple[Study, list[StoredRun], list[str]]:
    """The study of this name, its runs that count, and notes on those that don't.

    A study without a file is what it was when it was last started, or its newest finished run was told (older stores).
    data: see `select`

    Raises ResultsError, StoreError.
    """
    found = stored_runs(store, name)
    own = [run for run in found if run.status == "FINISHED" and run.study == name and is_of(run, data)]
    try:
        asked = study(
            name, "" if has_file(name) else asked_of(store, name) or (config_of(store, own[-1]) if own else "")
        )
    except ValueError as error:
        raise ResultsError(f"the study {name} can't be read: {explain(error)}") from error
    if not found and name not in (known := study_names(store)):
        there_are = ", ".join(known) or "none"
        raise ResultsError(f"{store.address} holds no study {name}; there are: {there_are}")
    return asked, *select(found, name, data)


def is_of(run: StoredRun, data: str | None) -> bool:
    """Whether it was trained on this data set: its name or the beginning of its digest; None: on any."""
    return not data or data == run.tags["data"] or run.tags["data.digest"].startswith(data)


def select(runs: Sequence[StoredRun], study: str, data: str | None) -> tuple[list[StoredRun], list[str]]:
    """The runs that count, and a note on each kind that was left out.

    Finished runs count, the newest of each run key. data: a data set's name or the beginning of its digest, for a
    study that was run on several. Raises ResultsError for no finished runs, or several data sets and no choice.
    """
    runs = sorted(runs, key=lambda run: run.started)
    finished = [run for run in runs if run.status == "FINISHED"]
    done = {run.tags["run_key"] for run in finished}
    unfinished = [run for run in runs if run.tags["run_key"] not in done]
    statuses = sorted({run.status for run in unfinished})
    notes = [_unfinished([run for run in unfinished if run.status == status]) for status in statuses]
    chosen = [run for run in finished if is_of(run, data)]
    if len(chosen) < len(finished):
        notes.append(f"{len(finished) - len(chosen)} of other data sets")
    newest = {run.tags["run_key"]: run for run in chosen}  # oldest first, so the newest stays
    if len(newest) < len(chosen):
        notes.append(f"{len(chosen) - len(newest)} older of the same run key")
    if not newest:
        on = f" on {data}" if data else ""
        why = f" (left out: {', '.join(notes)})" if notes else ""
        raise ResultsError(f"no finished runs of {study}{on}{why}: train first, with {command(study)}")
    sets = Counter((run.tags["data"], run.tags["data.digest"]) for run in newest.values())
    if len(sets) > 1:
        held = "; ".join(f"{name} {digest[:8]}: {count} runs" for (name, digest), count in sorted(sets.items()))
        raise ResultsError(f"{study} holds runs of several data sets ({held}): choose one with --data NAME or DIGEST")
    return list(newest.values()), notes


def _unfinished(runs: Sequence[StoredRun]) -> str:
    """How many runs ended, or did not, in one way: which groups they are of, and why one of them failed."""
    labels = ", ".join(sorted({run.tags["label"] for run in runs}))
    reason = f": {runs[0].tags['failure']}" if runs[0].status == "FAILED" and "failure" in runs[0].tags else ""
    return f"{len(runs)} {runs[0].status.lower()} ({labels}{reason})"
