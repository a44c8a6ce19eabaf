"""The command `patchify-store`: mend a local store that was moved, or that is of an older MLflow."""

import argparse
import sqlite3
import sys

from patchify.display import say
from patchify.store import StoreError


def main() -> None:
    """Read the command line, mend the store, say what was done; exit status 1 if it can't be."""
    parser = argparse.ArgumentParser(prog="patchify-store", description="Mend the local store of runs.")
    parser.add_argument(
        "what",
        choices=["relocate", "upgrade"],
        metavar="relocate|upgrade",
        help="relocate: the store was moved, make it look for its artifacts where it is now; "
        "upgrade: it is of an older MLflow, bring it up to date after a backup (end what uses it first)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--folder", metavar="FOLDER", help="tracking folder (default: mlruns)")
    which.add_argument("--uri", metavar="ADDRESS", help="sqlite:///FILE, where the file is not called mlflow.db")
    words = parser.parse_args()
    try:
        say(mend(words.what, words.uri, words.folder))
    except (StoreError, sqlite3.Error, OSError) as error:
        sys.exit(f"patchify-store: {error}")


def mend(what: str, uri: str | None, folder: str | None) -> str:
    """Relocate or upgrade the store, and tell what was done. Raises StoreError, sqlite3.Error or OSError."""
    from patchify.config.catalog import tracking_folder  # noqa: PLC0415 - these take seconds to import, --help does not
    from patchify.store.mending import relocate, upgrade  # noqa: PLC0415
    from patchify.store.opening import address_of, local_database  # noqa: PLC0415

    database = local_database(address_of(uri, folder or tracking_folder()))
    if what == "upgrade":
        backup = upgrade(database)
        return f"{database} is up to date" + (f"; as it was: {backup}" if backup else " already")
    moved, gone = relocate(database)
    lost = f"; {gone} of all runs miss{'es its' if gone == 1 else ' their'} artifacts" if gone else ""
    return f"{database}: {moved} run{'' if moved == 1 else 's'} relocated{lost}"


if __name__ == "__main__":
    main()
