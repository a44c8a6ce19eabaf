"""MLflow's pages, served by this process to this machine alone."""

import os
import socket
import warnings
from pathlib import Path

from uvicorn import Config, Server

from patchify.store.opening import Store

PAGES = "mlflow.server.fastapi_app:app"
"""Imported by uvicorn when all is set: MLflow reads the environment, and whether it is a server, at the import."""
FIRST_VISIT = """
localStorage["mlflow.workflowType_v1"] ??= '"machine_learning"';
localStorage["mlflow.assistant.fab.autoOpenedOnFirstLoad_v1"] ??= "true";
if (!location.hash) location.hash = "#/experiments";
"""
"""What the pages do first. MLflow 3.17 would show a browser that is new to it the pages for language models, and beside
them an assistant that takes a quarter of the width; what somebody has chosen there stays."""
HANG_UP = 2
"""Seconds that a browser's open connections may delay the end."""


def serve(store: Store, listener: socket.socket) -> None:
    """Answer browsers until SIGINT or SIGTERM, which then end the process as they would without a server.

    `mlflow ui` would start 15 processes; this one holds the pages alone, without MLflow's job runner.
    """
    os.environ |= {
        "_MLFLOW_SERVER_FILE_STORE": store.address,  # how `mlflow server` tells its workers
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "false",  # hosts and origins are checked, whatever the shell says
    }
    if store.artifacts:
        os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = store.artifacts.as_uri()
    warnings.filterwarnings("ignore", module=r"mlflow\.server")  # to its authors, of Starlette
    from mlflow.server import app  # noqa: PLC0415 - now that the environment is set

    page = Path(str(app.static_folder), "index.html").read_text()
    app.view_functions["serve"] = lambda: page.replace("<head>", f"<head><script>{FIRST_VISIT}</script>", 1)
    settings = Config(PAGES, log_level="warning", timeout_graceful_shutdown=HANG_UP)
    Server(settings).run(sockets=[listener])
