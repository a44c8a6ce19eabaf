"""Which MLflow a server has."""

import mlflow
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from patchify.store import StoreError
from patchify.store.address import public
from patchify.store.faults import explained
from patchify.store.opening import CHECK, Store


def other_version(store: Store) -> str:
    """What there is to say of a server's MLflow: nothing where it is of our version, but for the last number.

    Raises StoreError for one that may not understand us; Unreachable.
    """
    if not store.address.startswith(("http://", "https://")):
        return ""
    with explained(store.address, CHECK):
        answer = http_request(get_default_host_creds(store.address), "/version", "GET")
        answer.raise_for_status()
    theirs, ours = answer.text.strip(), str(mlflow.__version__)
    versions = f"the server {public(store.address)} has MLflow {theirs}, and this is {ours}"
    if not theirs[:1].isdigit() or theirs.split(".")[0] != ours.split(".", maxsplit=1)[0]:
        raise StoreError(f"{versions}: install its version here, or ours there (pip install mlflow==...)")
    return "" if theirs.split(".")[:2] == ours.split(".")[:2] else f"{versions}: they should understand each other"
