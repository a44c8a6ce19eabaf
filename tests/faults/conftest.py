"""Faults on purpose: each a few times in `make test`, often in `make faults`, which ends with a table of them.

A test with the mark `fault(name, few=…, often=…)` is run as many times; its argument `trial` counts them. The name may
have other arguments of the test in braces.

Hostile inputs are tested where they are read: pickles and archives in tests/data/test_pickles.py and test_cifar10.py,
checkpoints in tests/core/test_hostile_checkpoints.py, names in tests/config/test_refusals.py and
tests/journal/test_folder.py. Orders of events that Hypothesis makes up are in tests/tracking/test_delivery.py.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.in_store import Stored, assert_nothing_is_left, finished, local
from tests.processes import patchify
from tests.server import Server

OFTEN = os.environ.get("PATCHIFY_FAULTS") == "often"
TIMES = "often" if OFTEN else "few"

Undisturbed = Callable[..., dict[str, Stored]]
Check = Callable[..., None]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(name, few, often): a fault, and how many times it is tried")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if mark := metafunc.definition.get_closest_marker("fault"):
        metafunc.parametrize("trial", range(mark.kwargs[TIMES] or 1))  # no values at all would count as a skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is only tried often."""
    never = [item for item in items if (mark := item.get_closest_marker("fault")) and not mark.kwargs[TIMES]]
    config.hook.pytest_deselected(items=never)
    items[:] = [item for item in items if item not in never]


@pytest.fixture(autouse=True)
def _named(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    if mark := request.node.get_closest_marker("fault"):
        record_property("fault", mark.args[0].format(**request.node.callspec.params))


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
def undisturbed(tmp_path_factory: pytest.TempPathFactory, _empty_database: Path) -> Undisturbed:
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


@pytest.fixture
def assert_as_undisturbed(undisturbed: Undisturbed) -> Check:
    """The store has what a command comes to where nothing happens, once, and nothing else is left."""

    def check(*words: str, address: str | None = None) -> None:
        assert finished(address or local(Path("mlruns"))) == undisturbed(*words)
        assert_nothing_is_left(Path("mlruns"))

    return check


@pytest.fixture
def server(made_store: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, with an empty store."""
    with Server(made_store.rename(tmp_path / "server")) as server:
        yield server
