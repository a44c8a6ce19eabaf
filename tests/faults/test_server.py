"""A server that dies, is slow or answers with errors costs no record, and training hardly any time."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patchify.journal.folder import run_folders
from patchify.journal.journal import read
from tests.conftest import TINY
from tests.faults.processes import Started, patchify, sync
from tests.faults.server import Server
from tests.stored import Stored, assert_nothing_is_left, finished
from tests.tracking.proxy import PASS, RESET, Proxy

RUN = [*TINY, "schedule.step_size=500", "record_every=250"]
LONGER = [*TINY, "schedule.step_size=2000", "record_every=250"]
"""Some seconds of training."""
MANY = 1000
"""Requests, more than any of these runs makes."""
PAIRS = 5

Undisturbed = Callable[..., dict[str, Stored]]


@pytest.fixture
def server(made_store: Path, tmp_path: Path) -> Iterator[Server]:
    with Server(made_store.rename(tmp_path / "server")) as server:
        yield server


@pytest.mark.fault("a server killed and restarted at random", few=2, often=10)
def test_a_server_that_dies_and_comes_back_has_everything_once(
    trial: int, undisturbed: Undisturbed, server: Server
) -> None:
    chance = random.Random(trial)
    started = Started(*LONGER, f"tracking.uri={server.address}")
    while started.process.is_alive():
        started.process.join(chance.uniform(0, 2))
        server.kill()
        time.sleep(chance.uniform(0, 1))
        server.start()
    outcome = started.end()
    assert outcome.status == 0, (trial, outcome)
    server.wait()
    assert sync().status == 0
    assert finished(server.address) == undisturbed(*LONGER)
    assert_nothing_is_left(Path("mlruns"))


def slow(proxy: Proxy) -> None:
    proxy.delay = 1.0
    proxy.faults.extend([PASS] * MANY)


def in_error(proxy: Proxy) -> None:
    proxy.faults.extend(["500"] * MANY)


def breaking_off(proxy: Proxy) -> None:
    proxy.faults.extend([RESET] * MANY)


def heal(proxy: Proxy) -> None:
    proxy.delay = 0.0
    proxy.faults.clear()


Break = Callable[[Proxy], None]


@pytest.mark.fault("a server that takes 1 s a request", few=1, often=10)
def test_a_slow_server_ends_no_run(trial: int, undisturbed: Undisturbed, server: Server) -> None:
    assert_late_but_complete(slow, server, undisturbed)


@pytest.mark.fault("a server that answers 500", few=1, often=10)
def test_a_server_in_error_ends_no_run(trial: int, undisturbed: Undisturbed, server: Server) -> None:
    assert_late_but_complete(in_error, server, undisturbed)


@pytest.mark.fault("a server that resets connections", few=1, often=10)
def test_a_server_that_breaks_off_ends_no_run(trial: int, undisturbed: Undisturbed, server: Server) -> None:
    assert_late_but_complete(breaking_off, server, undisturbed)


def assert_late_but_complete(fault: Break, server: Server, undisturbed: Undisturbed) -> None:
    """A run against such a server ends by itself and says what is left; once all is well, the rest is sent."""
    with Proxy(server.port) as proxy:
        fault(proxy)
        outcome = patchify(*RUN, f"tracking.uri={proxy.address}")
        assert outcome.status == 0, outcome
        assert "`patchify-sync` sends the rest" in outcome.err
        assert 0 < MANY - len(proxy.faults) < 50, "requests that were made meanwhile"
        heal(proxy)
        assert sync().status == 0
        assert finished(proxy.address) == undisturbed(*RUN)
        assert_nothing_is_left(Path("mlruns"))


@pytest.mark.fault("training against such servers takes 3 % longer at most", few=0, often=1)
@pytest.mark.parametrize("fault", [slow, in_error, breaking_off])
def test_training_takes_hardly_longer(
    fault: Break, trial: int, server: Server, record_property: Callable[[str, object], None]
) -> None:
    with Proxy(server.port) as proxy:
        ratios = []
        for _ in range(PAIRS):
            well = timed(proxy)
            fault(proxy)
            ratios.append([faulty / sound for faulty, sound in zip(timed(proxy), well, strict=True)])
            heal(proxy)
    training, whole = (statistics.median(found) for found in zip(*ratios, strict=True))
    record_property("measured", f"{fault.__name__}: training x {training:.3f}, the whole command x {whole:.2f}")
    assert training <= 1.03, ratios


def timed(proxy: Proxy) -> tuple[float, float]:
    """Seconds of training and of the whole command, of a run that is computed anew."""
    begun = time.monotonic()
    assert patchify(*LONGER, "rerun=true", f"tracking.uri={proxy.address}").status == 0
    whole = time.monotonic() - begun
    (folder,) = (found for found in run_folders(Path("mlruns")) if "-" not in found.key)  # others made way
    metrics = [entry.content["metrics"] for entry in read(folder.journal) if entry.kind == "metrics"]
    return float(metrics[-1]["train/seconds"]), whole
