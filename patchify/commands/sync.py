"""The command `patchify-sync`: what stores do not have yet of our runs, sent or listed; and a store's runs, copied."""

import argparse
import sys
from collections import Counter
from datetime import datetime
from itertools import groupby
from pathlib import Path

from patchify.config.names import nearest
from patchify.display import say
from patchify.journal.folder import RunFolder, run_folders
from patchify.journal.journal import DamagedJournal
from patchify.journal.sent import Pending, pending
from patchify.store import StoreError, Unreachable
from patchify.store.address import public
from patchify.tracking.dead import end_the_dead


def main() -> None:
    """Send all that waits, or list it, or copy; exit status 1 if something is left, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="patchify-sync", description="Send what tracking stores do not have yet of runs that were made here."
    )
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="tracking folder (default: mlruns)")
    parser.add_argument("--list", action="store_true", help="only list what would be sent")
    copying = parser.add_argument_group(
        "runs of one store in another", "each once, with its history, files and sweep; nothing is removed"
    )
    copying.add_argument("--from", type=Path, metavar="FOLDER", dest="source", help="tracking folder, as mlruns")
    copying.add_argument("--to", metavar="STORE", dest="target", help="MLflow address, as http://127.0.0.1:5000")
    copying.add_argument("--study", action="append", metavar="STUDY", help="only this one, or these (default: all)")
    words = parser.parse_args()
    if bool(words.source) != bool(words.target) or (words.study and not words.source):
        parser.error("--from FOLDER and --to STORE belong together")
    if words.source and (words.folder or words.list):
        parser.error("--from and --to copy runs: leave --folder and --list out")

    from patchify.config.catalog import tracking_folder  # noqa: PLC0415 - Hydra takes its time to import, --help does not

    folder = words.source or words.folder or Path(tracking_folder())
    if (words.source or words.folder) and not folder.is_dir():
        sys.exit(f"patchify-sync: {folder} is no folder: name the tracking folder of the runs, as patchify did")
    try:
        if words.source:
            complete = copy_all(folder, words.target, words.study)
        else:
            complete = show(folder) if words.list else sync(folder)
    except (OSError, StoreError) as error:
        sys.exit(f"patchify-sync: {error}")
    except KeyboardInterrupt:  # what was sent is noted, the rest waits
        sys.exit(130)
    if not complete:
        sys.exit(1)


def show(tracking: Path) -> bool:
    """List what waits; whether all journals could be read."""
    waiting, whole = _waiting(tracking)
    for store, some in groupby((unsent for _, unsent in waiting), key=_store):
        say(f"for {store}:")
        for unsent in some:
            since = datetime.fromtimestamp(unsent.since / 1000).astimezone()
            name, files = unsent.first.content["name"], f", {unsent.files} files" if unsent.files else ""
            say(f"  {name} · {unsent.lines} lines{files} since {since:%Y-%m-%d %H:%M}")
    if whole and not waiting:
        say("nothing is pending")
    return whole


def sync(tracking: Path, *, only_local: bool = False) -> bool:
    """End runs whose process is gone, and send what waits; whether nothing is left. Raises OSError for a full disk.

    only_local: only what waits for the folder's own store, and without a word where nothing does
    """
    for name, _ in end_the_dead(tracking):
        say(f"{name} · KILLED: its process ended")
    waiting, whole = _waiting(tracking)
    if only_local:
        waiting = [(folder, unsent) for folder, unsent in waiting if folder.local]
    silent: set[str] = set()
    left = [unsent for folder, unsent in waiting if not _sent(folder, unsent, tracking, silent)]
    if waiting:
        say(f"{len(waiting) - len(left)} sent, {len(left)} left")
    elif whole and not only_local:
        say("nothing is pending")
    return whole and not left


def copy_all(tracking: Path, address: str, studies: list[str] | None) -> bool:
    """Copy the runs of a tracking folder's store to another, and say what became of them; whether all are there.

    Raises StoreError, OSError.
    """
    from patchify.store.opening import address_of, existing_store, open_store  # noqa: PLC0415 - MLflow takes seconds
    from patchify.stored.runs import study_names  # noqa: PLC0415
    from patchify.tracking.copying import Outcome, alone, copy, place, runs_to_copy  # noqa: PLC0415

    with alone(tracking):
        sync(tracking, only_local=True)
        source, target = existing_store(address_of(None, str(tracking))), open_store(address_of(address, ""))
        if source.address == target.address:
            raise StoreError(f"{tracking} and {public(address)} are one store: name another with --to")
        there_are = study_names(source)
        for unknown in set(studies or ()) - set(there_are):
            raise StoreError(f"{tracking} holds no study {unknown}; {nearest(unknown, there_are)}")
        counts = Counter(dict.fromkeys(Outcome, 0))
        failed = 0
        for study in studies or there_are:
            to = place(source, target, study)
            for run in runs_to_copy(source, study):
                try:
                    outcome = copy(source, run, to)
                except Unreachable:
                    raise
                except StoreError as error:  # the others go on
                    say(f"{study} · {run.info.run_name} · left: {error}")
                    failed += 1
                else:
                    counts[outcome] += 1
                    if outcome is not Outcome.there:
                        say(f"{study} · {run.info.run_name} · {outcome.value}")
    left = failed + counts[Outcome.running]
    say(f"{counts[Outcome.copied]} copied, {counts[Outcome.there]} there already, {left} left")
    return left == 0


def _sent(folder: RunFolder, unsent: Pending, tracking: Path, silent: set[str]) -> bool:
    """Send one run and say how that went. silent: the stores that did not answer, which are not asked again."""
    from patchify.store.faults import NO_ROOM  # noqa: PLC0415
    from patchify.tracking.delivery import insist  # noqa: PLC0415 - MLflow takes seconds to import

    if _store(unsent) in silent:
        return False
    try:
        insist(folder, tracking)
    except (StoreError, DamagedJournal, OSError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise
        if isinstance(error, Unreachable):
            silent.add(_store(unsent))
        rest = ", like all else for that store" if isinstance(error, Unreachable) else ""
        say(f"{_title(unsent)} · left{rest}: {error}")
        return False
    say(f"{_title(unsent)} · sent")
    return True


def _waiting(tracking: Path) -> tuple[list[tuple[RunFolder, Pending]], bool]:
    """All runs with something to send, and whether all journals could be read; those that can't be are named."""
    waiting, whole = [], True
    for folder in run_folders(tracking):
        try:
            if unsent := pending(folder):
                waiting.append((folder, unsent))
        except DamagedJournal as error:
            whole = False
            say(str(error))
    return waiting, whole


def _title(unsent: Pending) -> str:
    return f"{unsent.first.content['name']} · {_store(unsent)}"


def _store(unsent: Pending) -> str:
    return str(unsent.first.content["store"])
