"""A cluster of one machine: Slurm from Debian's packages, on loopback, for as long as its tests run."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cluster.postgres import Postgres
from tests.cluster.team import Team
from tests.processes import wait_until

CONFIGURATION = """
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
MaxArraySize=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=ALL Default=YES MaxTime=60 PriorityTier=1
PartitionName=patient Nodes=ALL MaxTime=60 PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=ALL MaxTime=60 PriorityTier=2
"""
"""cred_expire: a job that is requeued may start again as soon as its credentials have expired, after 120 s else.

Jobs in `urgent` take the place of others: at once of those in `main`, and of those in `patient` a minute
after they were told.
"""


class Slurm:
    """Its daemons, which can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *words: str) -> None:
        """Start a daemon in the foreground."""
        with (self.folder / f"{words[0]}.out").open("ab") as out:
            self.running[words[0]] = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def stop(self, name: str) -> None:
        """End a daemon."""
        daemon = self.running.pop(name)
        daemon.terminate()
        daemon.wait(timeout=30)

    def idle(self) -> bool:
        """Whether its node waits for jobs."""
        states = subprocess.run(["sinfo", "--noheader", "--format=%T"], capture_output=True, text=True, check=False)
        return states.stdout.strip() == "idle"


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that other users reach; pytest closes its own to them whenever it starts, also beside these tests."""
    with TemporaryDirectory(prefix="patchify-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def _cluster(open_folder: Path) -> Iterator[Slurm]:
    for command in ("munged", "slurmctld", "slurmd", "sbatch"):
        if not shutil.which(command):
            pytest.skip(f"there is no {command}: Debian's packages slurm-wlm and munge have it")
    if os.getuid():
        pytest.skip("only root can start Slurm's daemons")
    with ExitStack() as stack:
        free = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in free:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in free]
    folder = open_folder / "slurm"
    folder.mkdir()
    host = socket.gethostname().partition(".")[0]
    (folder / "slurm.conf").write_text(CONFIGURATION.format(host=host, ports=ports, folder=folder))
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    cluster = Slurm(folder)
    files = [f"--{option}={folder}/munge.{end}" for option, end in MUNGE.items()]
    try:
        cluster.start("munged", "--force", "--foreground", *files)
        wait_until((folder / "munge.socket").exists)
        cluster.start("slurmctld", "-D", "-c")
        cluster.start("slurmd", "-D")
        wait_until(cluster.idle)
        yield cluster
    finally:
        del os.environ["SLURM_CONF"]
        for name in reversed(list(cluster.running)):
            cluster.stop(name)


MUNGE = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
"""munged's options for files, and how their names end."""


@pytest.fixture
def slurm(_cluster: Slurm) -> Iterator[Slurm]:
    """Slurm, with a node that waits for jobs before and after the test."""
    wait_until(_cluster.idle)
    yield _cluster
    subprocess.run(["scancel", "--user=root"], check=True)
    wait_until(_cluster.idle)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[Postgres]:
    """PostgreSQL, empty at first."""
    server = Postgres(open_folder / "postgres")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def team(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team's server with the user ann."""
    if not shutil.which("nginx"):
        pytest.skip("there is no nginx: Debian's package nginx-light has it")
    os.environ.update(postgres.environment)
    team = Team(tmp_path_factory.mktemp("team"), postgres)
    yield team
    for command in list(team.running):
        team.stop(command)
    for name in postgres.environment:
        del os.environ[name]


@pytest.fixture
def ann(team: Team, monkeypatch: pytest.MonkeyPatch) -> Team:
    """The same, with ann's name and password in the environment."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", team.address)
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(team.folder / "cert.pem"))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", team.password("ann"))
    return team
