"""What tests of many rooms share: a command line run in this process, one small finished sweep, empty stores."""

import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from patchify.store.opening import Store
    from tests.proxy import Proxy

PATIENCE = 2
"""Seconds that a request may take in these tests; the server answers in a few hundredths."""

TINY = [
    "data=textures",
    "data.train=300",
    "data.test=100",
    "data.validation=50",
    "batch_size=50",
    "schedule.step_size=4",
]
"""A run of 24 updates on a few hundred textures."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How a command ended: its exit status and what it printed."""

    status: int
    out: str
    err: str


Command = Callable[..., Outcome]

HEAR_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
"""Python code that a test's process begins with: one that was started in the background would ignore Ctrl-C."""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's store, data or working directory."""
    separate(monkeypatch, tmp_path)


def separate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have a folder be the working directory, with a cache of its own, and nothing of what the developer has set."""
    for variable in ("MLFLOW_TRACKING_URI", "PATCHIFY_DATA", "HYDRA_FULL_ERROR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATCHIFY_CACHE", str(folder / "prepared"))
    monkeypatch.chdir(folder)


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Handlers are put back: a command that ran in this process leaves its own, and may ignore further signals."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def call(main: Callable[[], None], name: str, *words: str) -> int:
    """Exit status of a command run in this process."""
    before = sys.argv
    sys.argv = [name, *words]
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    finally:
        sys.argv = before
    return 0


def command(main: Callable[[], None], name: str, capsys: pytest.CaptureFixture[str]) -> Command:
    """A command as a function of its words."""

    def run(*words: str) -> Outcome:
        capsys.readouterr()
        status = call(main, name, *words)
        printed = capsys.readouterr()
        return Outcome(status=status, out=printed.out, err=printed.err)

    return run


@pytest.fixture
def patchify(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command `patchify`, in the test's own folder."""
    from patchify.commands.train import main  # noqa: PLC0415 - Hydra is imported for the tests that use it

    return command(main, "patchify", capsys)


@pytest.fixture
def search(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command `patchify-search`, in the test's own folder."""
    from patchify.commands.search import main  # noqa: PLC0415

    return command(main, "patchify-search", capsys)


@pytest.fixture
def summarize(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command `patchify-summarize`, in the test's own folder."""
    from patchify.commands.summarize import main  # noqa: PLC0415

    return command(main, "patchify-summarize", capsys)


@pytest.fixture(scope="session")
def tiny_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracking folder of a finished study `tiny`: two architectures, two seeds, on a few hundred textures."""
    from patchify.commands.train import main  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny") / "mlruns"
    study = ["study=tiny", f"tracking.folder={folder}", "architecture=arch1,arch2", "seed=0,1"]
    assert call(main, "patchify", "-m", *TINY, *study) == 0
    return folder


@pytest.fixture(scope="session")
def _empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from patchify.store.opening import address_of, open_store  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("empty")
    open_store(address_of(None, str(folder)))
    return folder / "mlflow.db"


@pytest.fixture
def made_store(_empty_database: Path, tmp_path: Path) -> Path:
    """The test's own `mlruns` with an empty store, copied, since MLflow takes seconds to make one."""
    folder = tmp_path / "mlruns"
    folder.mkdir()
    with sqlite3.connect(_empty_database) as source, sqlite3.connect(folder / "mlflow.db") as copy:
        source.backup(copy)
    source.close()
    copy.close()
    return folder


@pytest.fixture
def local(made_store: Path) -> "Store":
    """The same, open."""
    from patchify.store.opening import address_of, open_store  # noqa: PLC0415

    return open_store(address_of(None, str(made_store)))


@pytest.fixture(scope="session")
def server(_empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real MLflow server."""
    from tests.server import Server  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("server")
    with closing(sqlite3.connect(_empty_database)) as source, closing(sqlite3.connect(folder / "mlflow.db")) as copy:
        source.backup(copy)
    with Server(folder) as started:
        yield started.port


@pytest.fixture
def proxy(server: int, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Proxy]":
    """A way to that server; the client waits for PATIENCE seconds."""
    from tests.proxy import Proxy  # noqa: PLC0415

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(PATIENCE))
    with Proxy(server, PATIENCE) as proxy:
        yield proxy
