"""The store that runs are tracked in. MLflow is only here, in stored and in tracking: it takes a second to import."""

import logging
import os

# before MLflow is imported; what the user has set stays. A dead server costs 0.1 s, a silent one 5 s, and whoever sends
# tries again; by MLflow's own numbers it is 247 s
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "CRITICAL")  # what it complains of are errors to us, which say the same
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
for noisy in ("alembic", "urllib3"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)


class StoreError(Exception):
    """A store that can't be used; the message names it and says what to do."""


class Unreachable(StoreError):
    """A store that does not answer now, and may later."""


class Refused(StoreError):
    """A store that does not know us, or does not let us do that."""


class RunDeleted(StoreError):
    """A run that somebody deleted in the store before all of it was there."""
