"""Addresses of stores, as they may be written down and as they are used."""

import os
import re

_PASSWORD = re.compile(r"(?<=://)[^/\s]*@|(?<=password=)[^&\s]*")
_known: dict[str, str] = {}


def public(address: str) -> str:
    """An address, or a text with addresses in it, without users and passwords.

    >>> public("https://ann:secret@mlflow.example.org/team")
    'https://mlflow.example.org/team'
    """
    return _PASSWORD.sub("", address)


def remember(address: str) -> None:
    """Have `private` know an address that was given with a password, for as long as this process lives."""
    if public(address) != address:
        _known[public(address)] = address


def private(address: str) -> str:
    """The address with the password that belongs to it: remembered, or MLFLOW_TRACKING_URI's."""
    named = os.environ.get("MLFLOW_TRACKING_URI", "")
    return _known.get(address, named if public(named) == address else address)
