"""A search for good settings: its trials, shared by any number of processes, and what they have shown.

The only Optuna code.
"""


class SearchError(Exception):
    """A search that can't go on, or has nothing to show; the message says what to do."""
