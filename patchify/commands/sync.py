"""The command `patchify-sync`: what the stores do not have yet of our runs, sent or listed."""

import argparse
import sys
from datetime import datetime
from itertools import groupby
from pathlib import Path

from patchify.display import say
from patchify.journal.folder import RunFolder, run_folders
from patchify.journal.journal import DamagedJournal
from patchify.journal.sent import Pending, pending
from patchify.store import StoreError, Unreachable
from patchify.tracking.dead import end_the_dead


def main() -> None:
    """Send all that waits, or list it; exit status 1 if something waits still, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="patchify-sync", description="Send what tracking stores do not have yet of runs that were made here."
    )
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="tracking folder (default: mlruns)")
    parser.add_argument("--list", action="store_true", help="only list what would be sent")
    words = parser.parse_args()

    from patchify.config.catalog import tracking_folder  # noqa: PLC0415 - Hydra takes its time to import, --help does not

    folder = words.folder or Path(tracking_folder())
    if words.folder and not folder.is_dir():
        sys.exit(f"patchify-sync: {folder} is no folder: name the tracking folder of the runs, as patchify did")
    try:
        complete = show(folder) if words.list else sync(folder)
    except OSError as error:
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


def sync(tracking: Path) -> bool:
    """End runs whose process is gone, and send what waits; whether nothing is left. Raises OSError for a full disk."""
    for name, _ in end_the_dead(tracking):
        say(f"{name} · KILLED: its process ended")
    waiting, whole = _waiting(tracking)
    silent: set[str] = set()
    left = [unsent for folder, unsent in waiting if not _sent(folder, unsent, tracking, silent)]
    if waiting:
        say(f"{len(waiting) - len(left)} sent, {len(left)} left")
    elif whole:
        say("nothing is pending")
    return whole and not left


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
