"""What can go wrong between here and a store, told apart: may pass, will not, or no room on our own disk."""

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from patchify.journal.journal import DamagedJournal
from patchify.store import Refused, StoreError, Unreachable
from patchify.store.address import public
from patchify.store.file import SQLITE

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""Errors of a disk that takes no more."""
SQLITE_SAYS = {"database or disk is full": errno.ENOSPC, "disk I/O error": errno.EIO}
"""The same in SQLite's words, which has the second also for quotas and limits."""
DAMAGED = ("database disk image is malformed", "file is not a database")
"""SQLite's words for a file that a copy must take the place of."""
NETWORK = (requests.RequestException, ConnectionError, TimeoutError)
LATER = "start again when it can be"
"""The remedy where a store can't be used for now."""
REFUSALS = {
    requests.codes.unauthorized: "does not know us (401): put user and password into MLFLOW_TRACKING_USERNAME and "
    "MLFLOW_TRACKING_PASSWORD, or into ~/.netrc",
    requests.codes.forbidden: "does not permit that (403): ask who keeps it for the right to edit",
}
"""What a server with users says of them, by the status of its answer."""


@contextmanager
def explained(address: str, remedy: str) -> Iterator[None]:
    """Turn what MLflow, SQLAlchemy, requests and stores of artifacts raise, each its own kinds, into one of ours.

    Raises Unreachable for what may pass, Refused and StoreError for what will not, OSError with the file for the local
    disk.
    """
    before = sys.exception()
    try:
        yield
    except (StoreError, DamagedJournal):
        raise
    except Exception as error:
        if isinstance(error, OSError) and not isinstance(error, NETWORK):
            raise  # our own disk: it names the file
        reason = _root(error, before)
        for words, number in SQLITE_SAYS.items():
            if address.startswith(SQLITE) and words in reason:
                database = address.removeprefix(SQLITE)
                raise OSError(number, f"{words}; make room and start again", database) from error
        if address.startswith(SQLITE) and reason in DAMAGED:
            file = address.removeprefix(SQLITE)
            raise StoreError(f"{file} is damaged ({reason}): restore a copy, or move it away to begin anew") from error
        if refusal := REFUSALS.get(_status(error)):
            raise Refused(f"the store {public(address)} {refusal}") from error
        kind = Unreachable if _may_pass(error) else StoreError
        raise kind(f"the store {public(address)} can't be used: {public(reason)}; {remedy}") from error


def _root(error: BaseException, before: BaseException | None) -> str:
    while error.__context__ and error.__context__ is not before:  # "Connection refused" lies several wrappers deep
        error = error.__context__
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _may_pass(error: Exception) -> bool:
    """Whether the same request may succeed later: nobody answered, or the answer was 5xx or 429."""
    # after an error is early enough: MLflow takes a second to import
    from mlflow.exceptions import InvalidUrlException  # noqa: PLC0415
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    if status := _status(error):
        return _passing(status) and not isinstance(error, InvalidUrlException)
    return isinstance(error, (*NETWORK, OperationalError, sqlite3.OperationalError))


def _status(error: Exception) -> int:
    """The status of a server's answer, or what MLflow takes for one; 0 where there was none."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    if isinstance(error, requests.HTTPError):
        return int(error.response.status_code)
    return int(error.get_http_status_code()) if isinstance(error, MlflowException) else 0


def _passing(status: int) -> bool:
    return status >= 500 or status in {requests.codes.too_many_requests, requests.codes.request_timeout}
