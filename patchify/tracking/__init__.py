"""The store of runs: the only MLflow code. MLflow takes seconds to import, so commands import this room late."""

import os

# before MLflow is imported; what the user has set stays
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # measured: 4 s for a dead server; 247 s by default


class StoreError(Exception):
    """A store that can't be used; the message names it and says what to do."""
