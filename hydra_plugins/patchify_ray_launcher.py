"""Our launcher for Ray: a task for each run, begun again on another node when its own is lost."""

import os
import socket
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from omegaconf import DictConfig, OmegaConf

from hydra_plugins._patchify_cluster import ClusterLauncher, Ended, OnNode, failed
from patchify.config.door import ConfigError
from patchify.config.schema import Run
from patchify.interrupts import Terminated, end_on_sigterm

PATIENCE = 60.0
"""Seconds that cancelled jobs have to write down what they have."""


class RayLauncher(ClusterLauncher):
    """Runs each job as a task of Ray's; see conf/hydra/launcher/ray.yaml for what can be set."""

    def __init__(self, *, address: str | None, retries: int, memory_gb: float | None, options: DictConfig) -> None:
        super().__init__()
        self.address = address
        self.options: dict[str, Any] = {"max_retries": retries} | dict(OmegaConf.to_container(options))  # type: ignore[arg-type]
        if memory_gb:
            self.options["memory"] = int(memory_gb * 2**30)

    def check(self, runs: Sequence[Run]) -> None:
        """Raise ConfigError where there is no Ray, no such cluster, or no node with as many cores as a run needs."""
        ray = self._connected()
        threads = max(run.threads for run in runs)
        most = max(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])
        if threads > most:
            raise ConfigError(f"threads must be at most {most:g}, the cores of a node: got {threads}; lower it")

    def workers_for(self, runs: Sequence[Run]) -> int:
        """How many of these runs the cluster has room for now; it may grow."""
        threads = max(run.threads for run in runs)
        return max(1, min(len(runs), int(self._connected().cluster_resources().get("CPU", 1)) // threads))

    def send(self, tasks: Sequence[OnNode]) -> "RayJobs":
        """Send a task for each job."""
        ray = self._connected()
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
        for task in tasks:  # as an argument: an environment of Ray's own would be in its logs
            task.environment = {**secret, **task.environment}
        remote = ray.remote(num_cpus=max(run.threads for run in self.runs), **self.options)(run_on_node)
        sent = [remote.options(name=f"patchify {task.number}").remote(task, Path.cwd()) for task in tasks]
        return RayJobs(about=f"Ray has them: ray list tasks; logs in {self.folder}", tasks=sent, ray=ray)

    def _connected(self) -> Any:
        """Ray, connected to the cluster, or to one of its own on this machine."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if not self.address:  # read when it is imported: one's own cluster is heard of on this machine alone
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        try:
            ray: Any = import_module("ray")  # not needed but for this launcher, and not there for others
        except ImportError:
            raise ConfigError('hydra/launcher=ray must have Ray: install it with pip install "patchify[ray]"') from None
        if not ray.is_initialized():
            own = {} if self.address else {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
            try:
                _reach(self.address)
                ray.init(address=self.address or "local", log_to_driver=False, logging_level="ERROR", **own)
            except (OSError, RuntimeError, ValueError) as error:
                said = " ".join(str(error).split())
                remedy = "start it there (ray start --head), or leave hydra.launcher.address out for this machine alone"
                raise ConfigError(f"hydra.launcher.address must be a Ray cluster: {said}; {remedy}") from error
        return ray


def _reach(address: str | None) -> None:
    """Raise OSError where nobody listens: Ray itself would try for minutes."""
    host, _, port = (address or "").rpartition(":")
    if port.isdigit():
        with socket.create_connection((host, int(port)), timeout=10):
            pass


@dataclass(slots=True, kw_only=True)
class RayJobs:
    """Tasks of Ray's, a job each."""

    about: str
    tasks: list[Any]
    ray: Any

    def ask(self) -> None:
        """Ray tells by itself."""

    def ended(self, place: int) -> Ended | None:
        """By the task's result, or by what Ray says of one without."""
        ready, _ = self.ray.wait([self.tasks[place]], timeout=0)
        if not ready:
            return None
        try:
            return Ended(result=self.ray.get(ready[0]))
        except self.ray.exceptions.RayTaskError as error:
            return Ended(result=failed(str(error).strip().splitlines()[-1]))
        except self.ray.exceptions.RayError as error:
            reason = f"Ray lost it: {' '.join(str(error).split())}"
            return Ended(result=failed(reason), lost=reason)

    def cancel(self) -> None:
        """Have Ray end them as Ctrl-C ends a run."""
        for task in self.tasks:
            self.ray.cancel(task)
        self.ray.wait(self.tasks, num_returns=len(self.tasks), timeout=PATIENCE)


def run_on_node(task: OnNode, folder: Path) -> JobReturn:
    """Run a job in this process of Ray's, in the folder in which the sweep was started."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} must be on all of Ray's nodes: it is not on {os.uname().nodename}; share it")
    os.chdir(folder)
    end_on_sigterm()
    path = task.messages.with_suffix(".log")
    with path.open("a", buffering=1) as log, redirect_stdout(log), redirect_stderr(log):
        try:
            return task.run(path)
        except Terminated:  # the node goes: the checkpoint is there, and Ray begins the job again elsewhere
            log.flush()
            os._exit(1)
