"""A real MLflow server that can be killed and comes back at the same address with what it had."""

import os
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests.processes import forks, wait_until

FIRST = "api/2.0/mlflow/experiments/search?max_results=1"
"""What is asked first: that takes the server longest, since it opens its database."""


class Server:
    """MLflow's server with one worker, on loopback; `folder` has its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()
        self.wait()

    def start(self) -> None:
        """Begin to serve; it takes some seconds."""
        self.process = forks.Process(target=_serve, args=(self.folder, self.port))
        self.process.start()

    def kill(self) -> None:
        """End it as a power failure would."""
        self.process.kill()
        self.process.join()

    def wait(self) -> None:
        """Wait until it answers."""
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self.process.is_alive()
        try:
            with urllib.request.urlopen(f"{self.address}/{FIRST}", timeout=30):
                return True
        except urllib.error.URLError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def _serve(folder: Path, port: int) -> None:
    """What `mlflow server --workers=1` comes to, in this process: a fork spares the import."""
    os.environ.update(
        {
            "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/mlflow.db",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "artifacts"),
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
    )
    import uvicorn  # noqa: PLC0415 - MLflow looks at the environment when it is imported

    uvicorn.run("mlflow.server.fastapi_app:app", host="127.0.0.1", port=port, log_level="error")
