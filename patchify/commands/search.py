"""The command `patchify-search`: a search for good settings, on validation images alone, and what it has found."""

import argparse
import signal
import sys
from pathlib import Path

from patchify.data.source import DataError
from patchify.display import complain, say, show_warnings_plainly
from patchify.interrupts import Terminated, end_on_sigterm
from patchify.journal.journal import DamagedJournal
from patchify.search import SearchError
from patchify.store import StoreError
from patchify.tracking.facts import note_command

FAILED = (DamagedJournal, DataError, OSError, SearchError, StoreError)


def main() -> None:
    """Run the command line. Exit status 2: settings refused; 1: it can't go on; 130: interrupted; 143: SIGTERM."""
    end_on_sigterm()
    show_warnings_plainly()
    words = _parser().parse_intermixed_args()
    note_command("patchify-search", sys.argv[1:])

    from patchify.config.door import ConfigError  # noqa: PLC0415 - Hydra takes its time to import, a wrong word does not

    try:
        search(words)
    except KeyboardInterrupt as end:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the exit status stays that of the first Ctrl-C
        complain("interrupted; the same command again goes on with the trials that had begun")
        sys.exit(143 if isinstance(end, Terminated) else 130)
    except (ConfigError, *FAILED) as error:
        complain(str(error))
        sys.exit(2 if isinstance(error, ConfigError) else 1)


def _parser() -> argparse.ArgumentParser:
    from patchify.config.catalog import question_lines  # noqa: PLC0415 - OmegaConf takes its time to import

    parser = argparse.ArgumentParser(
        prog="patchify-search",
        description="Look for good settings. Trials are judged by validation images; the test\n"
        "images are not looked at. The same command again goes on, whatever happened;\n"
        "several at once share the work.",
        epilog=f"searches:\n{question_lines('search')}\n\n"
        "  patchify-search l2 schedule.cycles=1   shorter trials: another search\n"
        "  patchify-search l2 --trials 60         more trials of the same search\n"
        "  patchify-search l2 --summary           what it has found so far\n\n"
        "Then: experiments/NAME/, with the line that trains the best setting.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="one of those below, or a file .yaml as in conf/search/")
    parser.add_argument(  # without a default, these words would have to be there, among others
        "changes", metavar="KEY=VALUE", nargs="*", help="settings of all trials, as patchify takes them", default=[]
    )
    parser.add_argument("--trials", type=_count, metavar="N", help="how many in all, with those made already")
    parser.add_argument("--workers", type=_count, metavar="N", help="trials at a time (default: all cores)")
    parser.add_argument("--summary", action="store_true", help="make no trial, only write what was found")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: experiments/NAME)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1: got {text}")
    return int(text)


def search(words: argparse.Namespace) -> None:
    """Make the trials, write the summary. Raises ConfigError, and FAILED."""
    from patchify.config.search import read_search  # noqa: PLC0415 - these take seconds to import, --help does not
    from patchify.search.place import place  # noqa: PLC0415
    from patchify.search.summary import check, folder_for, summarize  # noqa: PLC0415

    asked = read_search(words.name, words.changes)
    name = Path(words.name).stem
    here = place(name, asked)
    folder = words.out or folder_for(here)
    check(here, folder)
    if not words.summary:
        from patchify.search.running import run_trials  # noqa: PLC0415

        run_trials(here, words.trials or asked.trials, words.workers)
    elif not here.folder.exists():
        raise SearchError(f"the search {name} has no trials in {here.folder}: start it without --summary")
    for line in summarize(here, folder):
        say(line)


if __name__ == "__main__":
    main()
