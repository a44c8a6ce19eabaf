"""A server that dies, is slow or answers with errors costs no record, and training hardly any time."""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patchify.journal.folder import run_folders
from patchify.journal.journal import read, recorded
from tests.conftest import TINY
from tests.faults.conftest import Check
from tests.processes import Started, patchify, sync
from tests.proxy import PASS, RESET, Proxy
from tests.server import Server

RUN = [*TINY, "schedule.step_size=500", "record_every=250"]
LONG = [*TINY, "schedule.step_size=1500", "record_every=250"]
"""Some five seconds of training."""
LONGER = ["data=textures", "data.train=10000", "data.test=1000", "schedule.step_size=2000", "record_every=500"]
"""The training of a user: some ten seconds."""
MANY = 1000
"""Requests, more than any of these runs makes."""
ROUNDS = 8
"""Of a run without trouble and one in each."""
TROUBLES = {"takes 1 s a request": (1.0, PASS), "answers 500": (0.0, "500"), "resets connections": (0.0, RESET)}
"""Seconds that each request takes longer, and what it meets."""


@pytest.mark.fault("a server killed and restarted at random", few=2, often=10)
def test_a_server_that_dies_and_comes_back_has_everything_once(
    trial: int, server: Server, assert_as_undisturbed: Check
) -> None:
    chance = random.Random(trial)
    started = Started(*LONG, f"tracking.uri={server.address}")
    while started.process.is_alive():
        started.process.join(chance.uniform(0, 2))
        server.kill()
        time.sleep(chance.uniform(0, 1))
        server.start()
    outcome = started.end()
    assert outcome.status == 0, (trial, outcome)
    server.wait()
    assert sync().status == 0
    assert_as_undisturbed(*LONG, address=server.address)


class ReadOnly(Proxy):
    """The same for somebody who has no right to write."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """The server's answer to questions, 403 to all else."""
        if method == "GET" or path.endswith("/search"):
            return super().answer(method, path, headers, body)
        return 403, "", b""


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


def test_who_may_not_write_there_hears_so_before_all_is_computed(server: Server) -> None:
    assert patchify(*TINY, f"tracking.uri={server.address}").status == 0  # somebody has begun the study
    with ReadOnly(server.port) as proxy:
        outcome = patchify(*LONG, f"tracking.uri={proxy.address}", "tracking.folder=mine")
    assert outcome.status == 1, outcome
    assert f"the store {proxy.address} does not permit that (403): ask who keeps it" in outcome.err
    (folder,) = run_folders(Path("mine"))
    entries = read(folder.journal)
    assert entries[-1].content["status"] == "FAILED"
    assert max(recorded(entries)) < 3 * 1500, "all its updates"


@pytest.mark.fault("3 % longer at most with a server in trouble", few=0, often=1)
def test_training_takes_hardly_longer(
    trial: int, server: Server, record_property: Callable[[str, object], None]
) -> None:
    ratios: dict[str, list[float]] = {trouble: [] for trouble in TROUBLES}
    with Proxy(server.port) as proxy:
        for _ in range(ROUNDS):
            well = seconds_of_training(proxy)
            for trouble, of_trouble in ratios.items():
                meet(trouble, proxy)
                of_trouble.append(seconds_of_training(proxy) / well)
                heal(proxy)
    medians = {trouble: statistics.median(of_trouble) for trouble, of_trouble in ratios.items()}
    record_property("measured", ", ".join(f"{trouble}: x {median:.3f}" for trouble, median in medians.items()))
    assert max(medians.values()) <= 1.03, ratios


def seconds_of_training(proxy: Proxy) -> float:
    """Of a run that is computed anew."""
    assert patchify(*LONGER, "rerun=true", f"tracking.uri={proxy.address}").status == 0
    (folder,) = (found for found in run_folders(Path("mlruns")) if "-" not in found.key)  # others made way
    metrics = [entry.content["metrics"] for entry in read(folder.journal) if entry.kind == "metrics"]
    return float(metrics[-1]["train/seconds"])
