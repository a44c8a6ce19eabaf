"""A thread sends while the run goes on, and whatever the store does, the run ends on time."""

import errno
from pathlib import Path

import pytest

from patchify.journal.folder import RunFolder
from patchify.journal.sent import pending
from patchify.store.opening import Store, open_store
from patchify.tracking.delivery import deliver
from patchify.tracking.sender import Sender
from tests.processes import LONG, wait_until
from tests.proxy import RESET, Proxy
from tests.tracking.runs import a_run, assert_complete, ends, goes_on, history, sent, stored, written


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchify.tracking.sender.SEND_EVERY", 0.01)
    monkeypatch.setattr("patchify.tracking.sender.PAUSES", (0.01, 0.05))


def test_what_is_written_is_sent_while_the_run_goes_on(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    sender = Sender(folder, made_store)
    for lines, steps in ((4, range(3)), (7, range(3, 6))):
        goes_on(folder, steps)
        sender.wake()
        wait_until(lambda lines=lines: sent(folder).lines == lines)  # type: ignore[misc]
    assert history(local, stored(local, folder)) == written(folder)
    ends(folder)
    assert sender.close(LONG) is None
    assert_complete(local, folder)
    assert sender.failure is None


def test_a_run_that_ends_before_anything_was_sent_is_sent_at_its_end(local: Store, made_store: Path) -> None:
    folder = a_run(made_store)
    sender = Sender(folder, made_store)
    ends(folder)
    assert sender.close(LONG) is None
    assert_complete(local, folder)


def test_a_server_that_comes_back_gets_what_it_missed(proxy: Proxy, server: int, tmp_path: Path) -> None:
    folder = a_run(tmp_path, store=proxy.address)
    proxy.faults.extend([RESET, "500"] * 5)
    sender = Sender(folder, tmp_path)
    sender.wake()
    goes_on(folder, range(3))
    wait_until(lambda: sent(folder).lines > 0)
    ends(folder)
    assert sender.close(LONG) is None
    assert_complete(open_store(f"http://127.0.0.1:{server}"), folder)


def test_a_server_that_is_gone_is_given_up_at_the_end_with_the_reason(tmp_path: Path) -> None:
    folder = a_run(tmp_path, store="http://127.0.0.1:9")
    sender = Sender(folder, tmp_path)
    sender.wake()
    goes_on(folder, range(3))
    ends(folder)
    reason = sender.close(LONG)
    assert reason is not None
    assert "refused" in reason
    unsent = pending(folder)
    assert unsent is not None
    assert (unsent.lines, unsent.files) == (5, 2)
    assert sender.failure is None


def test_a_slow_server_is_given_up_when_patience_ends_and_has_all_later(
    proxy: Proxy, server: int, tmp_path: Path
) -> None:
    folder = a_run(tmp_path, store=proxy.address)
    goes_on(folder, range(3))
    ends(folder)
    proxy.delay = 0.5
    sender = Sender(folder, tmp_path)
    reason = sender.close(0.1)
    assert reason == "it could not all be sent in 0.1 seconds"
    proxy.delay = 0.0
    deliver(folder, tmp_path)
    assert_complete(open_store(f"http://127.0.0.1:{server}"), folder)


def test_a_refusal_is_not_repeated(proxy: Proxy, tmp_path: Path) -> None:
    folder = a_run(tmp_path, store=proxy.address)
    proxy.faults.extend(["401"] * 10)
    sender = Sender(folder, tmp_path)
    sender.wake()
    reason = sender.close(LONG)
    assert reason is not None
    assert "401" in reason
    assert len(proxy.faults) == 9


def test_a_full_disk_is_told_to_the_run(local: Store, made_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, "no room", "mlflow.db")

    def fail(folder: RunFolder, tracking: Path) -> None:
        raise full

    monkeypatch.setattr("patchify.tracking.sender.deliver", fail)
    sender = Sender(a_run(made_store), made_store)
    sender.wake()
    wait_until(lambda: sender.failure is full)
    assert "no room" in (sender.close(LONG) or "")
