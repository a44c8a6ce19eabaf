"""A team's server as docs/server.md has it: the page's own commands, on free ports of this machine."""

import os
import re
import shlex
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.cluster.postgres import Postgres
from tests.docs.pages import ROOT, blocks, quick
from tests.processes import wait_until

PAGE = ROOT / "docs" / "server.md"
STAYS = "until Ctrl-C"
"""In the comment of a command that goes on."""


class Team:
    """The folder in which the page's commands are run, and what they have started."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self.folder, self.postgres = folder, postgres
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        with ExitStack() as stack:
            free = [stack.enter_context(socket.socket()) for _ in range(2)]
            for one in free:
                one.bind(("127.0.0.1", 0))
            self.port, self.tls = (int(one.getsockname()[1]) for one in free)
        self.certify()
        for section in ("Start it", "Users", "TLS"):
            self.follow(section)

    @property
    def address(self) -> str:
        """Of the server itself."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def public(self) -> str:
        """Of nginx before it, which its users know."""
        return f"https://localhost:{self.tls}"

    def password(self, user: str) -> str:
        """Of a user that the page has made."""
        file = {"admin": "secrets/admin.password", "ann": "ann.password"}[user]
        return (self.folder / file).read_text().strip()

    def follow(self, section: str, **changed: str) -> None:
        """Write the files and run the commands of a section, in their order. changed: words of it, and what for."""
        script = []
        for block in blocks(PAGE, section):
            text = self._here(block.text)
            for old, new in changed.items():
                text = text.replace(old, new)
            if block.path:
                (self.folder / block.path).write_text(text)
            elif block.kind == "bash":
                script += [line for line in _lines(text) if STAYS not in line]
                for line in (line for line in _lines(text) if STAYS in line):
                    self._run(script)
                    self.start(line.partition("#")[0].strip())
                    script = []
        self._run(script)

    def start(self, command: str) -> None:
        """Start one of the page's servers and wait until it answers."""
        with (self.folder / f"{command.split(maxsplit=1)[0]}.out").open("ab") as out:
            self.running[command] = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment(), stdout=out, stderr=out
            )
        wait_until(lambda: self._answers(command))

    def stop(self, command: str) -> None:
        """End one."""
        process = self.running.pop(command)
        process.terminate()
        process.wait(timeout=60)

    def processor_time(self) -> dict[str, float]:
        """Seconds that each server has taken so far, with its workers, those that have ended among them."""
        heads = {name: process.pid for name, process in self.running.items()} | {
            "PostgreSQL": self.postgres.process.pid
        }
        parents, seconds = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                fields = stat.read_text().rpartition(")")[2].split()  # see proc(5): from the state on
                pid = int(stat.parent.name)
                parents[pid], seconds[pid] = int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

        def below(pid: int, head: int) -> bool:
            return pid == head or (pid in parents and below(parents[pid], head))

        return {name: sum(seconds[pid] for pid in seconds if below(pid, head)) for name, head in heads.items()}

    def certify(self) -> None:
        """A certificate for localhost, which clients are told to trust."""
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        made = ["-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2"]
        subprocess.run(["openssl", "req", "-x509", *made, *subject], cwd=self.folder, check=True, capture_output=True)

    def _here(self, text: str) -> str:
        """The page's text with this machine's ports and names, and fewer workers."""
        ours = {
            "5000": str(self.port),
            "8443": str(self.tls),
            "mlflow.example.org": "localhost",
            "workers 4": "workers 2",
        }
        ours["export PGHOST=localhost PGUSER=patchify"] = ":"  # they are in the environment
        for theirs, here in ours.items():
            text = text.replace(theirs, here)
        return text

    def _run(self, script: list[str]) -> None:
        if script:
            commands = "\n".join(["set -euo pipefail", *script])
            done = subprocess.run(
                ["bash", "-c", commands], cwd=self.folder, env=self.environment(), check=False, capture_output=True
            )
            assert done.returncode == 0, f"{commands}\n{done.stdout.decode()}\n{done.stderr.decode()}"

    def environment(self) -> Mapping[str, str]:
        """What programs find each other by."""
        programs = f"{Path(sys.executable).parent}:{self.postgres.programs}:{os.environ['PATH']}"
        theirs = {"PATH": programs, "MLFLOW_TRACKING_SERVER_CERT_PATH": str(self.folder / "cert.pem")}
        return {**os.environ, **self.postgres.environment, **theirs}

    def _answers(self, command: str) -> bool:
        assert self.running[command].poll() is None, f"{command} has ended: see {self.folder}"
        if command.startswith("nginx"):
            with socket.socket() as tried:
                return tried.connect_ex(("127.0.0.1", self.tls)) == 0
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=30):
                return True
        except urllib.error.URLError:
            return False


def _lines(text: str) -> list[str]:
    """Commands, each on a line, and ours made quick."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [_quick(line) if re.match(r"patchify(-\w+)? ", line) else line for line in lines]


def _quick(line: str) -> str:
    return " ".join(word if word.startswith("$") else shlex.quote(word) for word in quick(line.split()))
