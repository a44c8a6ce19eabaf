"""PostgreSQL from Debian's packages, on loopback, in a folder of its own."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.processes import wait_until

USER = "patchify"
PASSWORD = "the-password-of-the-database"


class Postgres:
    """A running server; `environment` is what its programs, and libpq, find it by."""

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not programs:
            pytest.skip("there is no PostgreSQL: Debian's package postgresql has it")
        self.programs = programs[-1]
        folder.mkdir()
        self.data = folder / "data"
        # PostgreSQL refuses to run as root
        self.as_owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.as_owner:
            shutil.chown(folder, "postgres")
        (folder / "password").write_text(PASSWORD)
        names = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={folder}/password"]
        self._run("initdb", f"--pgdata={self.data}", *names, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        pgpass = folder / "pgpass"
        pgpass.write_text(f"127.0.0.1:{port}:*:{USER}:{PASSWORD}\n")
        pgpass.chmod(0o600)
        self.environment = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": USER, "PGPASSFILE": str(pgpass)}
        settings = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (folder / "log").open("wb") as log:
            words = [*self.as_owner, str(self.programs / "postgres"), "-D", str(self.data), *settings]
            self.process = subprocess.Popen(words, stdout=log, stderr=log)
        ready = [str(self.programs / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
        wait_until(lambda: subprocess.run(ready, check=False).returncode == 0)

    def stop(self) -> None:
        """End it, by its process id."""
        number = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(number, 2)  # SIGINT: now, but in order
        self.process.wait(timeout=60)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run([*self.as_owner, str(self.programs / program), *words], check=True, stdout=subprocess.DEVNULL)
