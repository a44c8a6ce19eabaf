"""Whatever goes wrong on the way to a server, it has all of a run in the end, once."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patchify.journal.folder import RunFolder
from patchify.journal.sent import note, pending
from patchify.store import RunDeleted, StoreError, Unreachable
from patchify.store.opening import Store, open_store
from patchify.tracking.delivery import deliver, insist
from tests.proxy import DROP, LATE, PASS, RESET, Proxy
from tests.tracking.runs import a_run, assert_complete, ends, goes_on, sent, stored

FAULTS = [PASS, PASS, PASS, RESET, DROP, "500", "503", "429"]


@pytest.fixture
def remote(server: int) -> Store:
    return open_store(f"http://127.0.0.1:{server}")


def persists(folder: RunFolder, tracking: Path) -> int:
    """Deliver as often as it takes; how often it took."""
    for attempt in range(1, 100):
        try:
            deliver(folder, tracking)
        except Unreachable:
            continue
        return attempt
    raise AssertionError("a hundred attempts")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(during=st.lists(st.sampled_from(FAULTS), max_size=8), at_end=st.lists(st.sampled_from(FAULTS), max_size=16))
def test_faults_in_any_order_leave_a_complete_history_once(
    during: list[str], at_end: list[str], proxy: Proxy, remote: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tracking = tmp_path_factory.mktemp("mlruns")
    folder = a_run(tracking, store=proxy.address)
    goes_on(folder, range(3))
    proxy.faults.extend(during)
    persists(folder, tracking)
    proxy.faults.clear()
    goes_on(folder, range(3, 6))
    ends(folder)
    proxy.faults.extend(at_end)
    persists(folder, tracking)
    proxy.faults.clear()
    assert_complete(remote, folder)


@pytest.mark.parametrize("number", range(4))
def test_a_request_that_is_carried_out_after_it_was_given_up_leaves_no_second_run(
    proxy: Proxy, remote: Store, tmp_path: Path, number: int
) -> None:
    """The first requests are: connect, find the study, find the run, make it."""
    deliver(a_run(tmp_path, "warm", store=proxy.address), tmp_path)
    folder = a_run(tmp_path, store=proxy.address)
    proxy.faults.extend([PASS] * number + [LATE])
    with pytest.raises(Unreachable):
        deliver(folder, tmp_path)
    deliver(folder, tmp_path)
    for late in proxy.late:
        late.join()
    goes_on(folder, range(3))
    ends(folder)
    deliver(folder, tmp_path)
    assert_complete(remote, folder)


def test_a_lost_answer_makes_no_second_run(proxy: Proxy, remote: Store, tmp_path: Path) -> None:
    deliver(a_run(tmp_path, "warm", store=proxy.address), tmp_path)
    folder = a_run(tmp_path, store=proxy.address)
    proxy.faults.extend([PASS, PASS, PASS, DROP])
    with pytest.raises(Unreachable):
        deliver(folder, tmp_path)
    made = stored(remote, folder).info.run_id
    deliver(folder, tmp_path)
    assert sent(folder).run == stored(remote, folder).info.run_id == made


@pytest.mark.parametrize("status", ["401", "403", "404"])
def test_a_refusal_is_no_outage(proxy: Proxy, tmp_path: Path, status: str) -> None:
    folder = a_run(tmp_path, store=proxy.address)
    proxy.faults.extend([status] * 2)
    with pytest.raises(StoreError, match=f"{proxy.address} .*{status}") as raised:
        deliver(folder, tmp_path)
    assert not isinstance(raised.value, Unreachable)


def test_who_insists_goes_on_while_anything_arrives_and_then_gives_up(
    proxy: Proxy, remote: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchify.tracking.delivery.PAUSE", 0)
    folder = a_run(tmp_path, store=proxy.address)
    deliver(folder, tmp_path)
    proxy.faults.extend([RESET] * 100)
    goes_on(folder, range(3))
    ends(folder)
    with pytest.raises(Unreachable):
        insist(folder, tmp_path)
    assert len(proxy.faults) == 95
    proxy.faults.clear()
    proxy.faults.extend([RESET, "500", PASS, PASS, DROP, RESET, PASS, RESET, "500"])
    insist(folder, tmp_path)
    assert_complete(remote, folder)


def test_a_server_that_is_gone_is_unreachable_and_the_message_says_why(tmp_path: Path) -> None:
    folder = a_run(tmp_path, store="http://127.0.0.1:9")
    with pytest.raises(Unreachable, match=r"http://127.0.0.1:9 can't be used: .*refused"):
        deliver(folder, tmp_path)
    assert pending(folder) is not None


@pytest.mark.parametrize("for_good", [False, True], ids=["deleted", "deleted for good"])
def test_a_run_that_was_deleted_on_a_server_is_named(
    proxy: Proxy, remote: Store, tmp_path: Path, for_good: bool
) -> None:
    folder = a_run(tmp_path, store=proxy.address)
    deliver(folder, tmp_path)
    noted = sent(folder)
    remote.client.delete_run(noted.run)
    if for_good:  # no trace is left of its id
        noted.run = "0" * 32
        note(folder, noted)
    goes_on(folder, [0])
    with pytest.raises(RunDeleted, match=rf"the run 'arch1 · k' was deleted in the store {proxy.address}: restore"):
        deliver(folder, tmp_path)
