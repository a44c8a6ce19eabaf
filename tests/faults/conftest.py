"""Faults on purpose: each a few times in `make test`, often in `make faults`, which ends with a table of them.

A test with the mark `fault(name, few=…, often=…)` is run as many times; its argument `trial` counts them.

Hostile inputs are tested where they are read: pickles and archives in tests/data/test_pickles.py and test_cifar10.py,
checkpoints in tests/core/test_hostile_checkpoints.py, names in tests/config/test_refusals.py and
tests/journal/test_folder.py. Orders of events that Hypothesis makes up are in tests/tracking/test_delivery.py.
"""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.processes import patchify
from tests.stored import Stored, finished, local

OFTEN = os.environ.get("PATCHIFY_FAULTS") == "often"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(name, few, often): a fault, and how many times it is tried")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if mark := metafunc.definition.get_closest_marker("fault"):
        metafunc.parametrize("trial", range(mark.kwargs["often" if OFTEN else "few"]))


@pytest.fixture(autouse=True)
def _named(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if mark := request.node.get_closest_marker("fault"):
        record_property("fault", mark.args[0])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table: each fault, how often it was tried, and how often what must hold did."""
    if not OFTEN:
        return
    held, broken, measured = Counter[str](), Counter[str](), dict[str, list[str]]()
    for outcome, count in (("passed", held), ("failed", broken), ("error", broken)):
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(report.user_properties)
            if fault := properties.get("fault"):
                count[str(fault)] += 1
                measured.setdefault(str(fault), []).extend(
                    [str(properties["measured"])] if "measured" in properties else []
                )
    terminalreporter.section("faults")
    terminalreporter.line(f"{'fault':<64}{'times':>6}{'held':>6}{'broken':>8}")
    for fault, notes in measured.items():
        times = held[fault] + broken[fault]
        terminalreporter.line(f"{fault:<64}{times:>6}{held[fault]:>6}{broken[fault]:>8}")
        for note in notes:
            terminalreporter.line(f"    {note}")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, _empty_database: Path) -> Callable[..., dict[str, Stored]]:
    """What a command's runs come to where nothing happens to them, by name."""
    known: dict[tuple[str, ...], dict[str, Stored]] = {}

    def results(*words: str) -> dict[str, Stored]:
        if words not in known:
            folder = tmp_path_factory.mktemp("undisturbed")
            outcome = patchify(*words, f"tracking.folder={folder}")
            assert outcome.status == 0, outcome.err
            known[words] = finished(local(folder))
        return known[words]

    return results
