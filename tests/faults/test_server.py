"""A server that dies, is slow or answers with errors costs no record, and training hardly any time."""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patchify.journal.folder import run_folders
from patchify.journal.journal import read
from tests.conftest import TINY
from tests.faults.conftest import Check
from tests.processes import Started, patchify, sync
from tests.server import Server
from tests.tracking.proxy import PASS, RESET, Proxy

RUN = [*TINY, "schedule.step_size=500", "record_every=250"]
LONGER = [*TINY, "schedule.step_size=2000", "record_every=250"]
"""Some seconds of training."""
MANY = 1000
"""Requests, more than any of these runs makes."""
PAIRS = 5
TROUBLES = {"takes 1 s a request": (1.0, PASS), "answers 500": (0.0, "500"), "resets connections": (0.0, RESET)}
"""Seconds that each request takes longer, and what it meets."""


@pytest.mark.fault("a server killed and restarted at random", few=2, often=10)
def test_a_server_that_dies_and_comes_back_has_everything_once(
    trial: int, server: Server, assert_as_undisturbed: Check
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
    assert_as_undisturbed(*LONGER, address=server.address)


def meet(trouble: str, proxy: Proxy) -> None:
    proxy.delay, fault = TROUBLES[trouble]
    proxy.faults.extend([fault] * MANY)


def heal(proxy: Proxy) -> None:
    proxy.delay = 0.0
    proxy.faults.clear()


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.fault("a server that {trouble}", few=1, often=10)
def test_a_server_in_trouble_ends_no_run_and_has_everything_later(
    trouble: str, trial: int, server: Server, assert_as_undisturbed: Check
) -> None:
    with Proxy(server.port) as proxy:
        meet(trouble, proxy)
        outcome = patchify(*RUN, f"tracking.uri={proxy.address}")
        assert outcome.status == 0, outcome
        assert "`patchify-sync` sends the rest" in outcome.err
        assert 0 < MANY - len(proxy.faults) < 50, "requests that were made meanwhile"
        heal(proxy)
        assert sync().status == 0
        assert_as_undisturbed(*RUN, address=proxy.address)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.fault("3 % longer at most with a server that {trouble}", few=0, often=1)
def test_training_takes_hardly_longer(
    trouble: str, trial: int, server: Server, record_property: Callable[[str, object], None]
) -> None:
    with Proxy(server.port) as proxy:
        ratios = []
        for _ in range(PAIRS):
            well = timed(proxy)
            meet(trouble, proxy)
            ratios.append([faulty / sound for faulty, sound in zip(timed(proxy), well, strict=True)])
            heal(proxy)
    training, whole = (statistics.median(found) for found in zip(*ratios, strict=True))
    record_property("measured", f"training x {training:.3f}, the whole command x {whole:.2f}")
    assert training <= 1.03, ratios


def timed(proxy: Proxy) -> tuple[float, float]:
    """Seconds of training and of the whole command, of a run that is computed anew."""
    begun = time.monotonic()
    assert patchify(*LONGER, "rerun=true", f"tracking.uri={proxy.address}").status == 0
    whole = time.monotonic() - begun
    (folder,) = (found for found in run_folders(Path("mlruns")) if "-" not in found.key)  # others made way
    metrics = [entry.content["metrics"] for entry in read(folder.journal) if entry.kind == "metrics"]
    return float(metrics[-1]["train/seconds"]), whole
