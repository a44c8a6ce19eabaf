"""A run's folder: found by its key, held by one process, never emptied of what was not sent."""

import subprocess
import sys
from pathlib import Path

from patchify.journal.folder import LOCAL, RunFolder, run_folder, run_folders
from patchify.journal.journal import Journal, read

HOLD = """
import sys
from pathlib import Path
from patchify.journal.folder import RunFolder
with RunFolder(path=Path(sys.argv[1])).held() as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def a_folder(tmp_path: Path, key: str = "k", store: str = LOCAL) -> RunFolder:
    folder = run_folder(tmp_path, store, key)
    with Journal(folder.journal) as journal:
        journal.write("run", id="first")
    return folder


def holder(folder: RunFolder) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(folder.path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_stores_do_not_share_folders(tmp_path: Path) -> None:
    stores = [LOCAL, "http://a:1", "http://a:2", "http://a/1", "postgresql://a/1"]
    folders = [a_folder(tmp_path, store=store) for store in stores]
    assert len({folder.path for folder in folders}) == len(stores)
    assert sorted(folder.path for folder in run_folders(tmp_path)) == sorted(folder.path for folder in folders)
    assert all(folder.path.parents[2] == tmp_path for folder in folders), "no address leads out of the folder"


def test_a_run_is_held_by_one_process_until_that_ends_by_force(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    process = holder(folder)
    try:
        with folder.held() as held:
            assert not held
        with folder.sibling("other").held() as held:
            assert held
        with folder.sending(patience=0) as sends:
            assert sends, "what another process runs may be sent by us"
    finally:
        process.kill()
        process.communicate()
    with folder.held() as held:
        assert held


def test_one_who_waits_says_so_and_is_next(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    process = holder(folder)

    def let_go() -> None:
        assert process.stdin is not None
        process.stdin.close()

    with folder.held(waiting=let_go) as held:
        assert held
        assert process.wait(timeout=60) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_an_earlier_run_that_makes_way_stays_to_be_sent(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    folder.sent.write_text("{}")
    (folder.artifacts).mkdir()
    (folder.artifacts / "config.yaml").write_text("x")
    folder.make_way()
    assert read(folder.journal) == []
    (aside,) = run_folders(tmp_path)
    assert aside.path.name == "k-first"
    assert (aside.artifacts / "config.yaml").read_text() == "x"
    assert aside.sent.exists()
    folder.make_way()
    assert len(list(run_folders(tmp_path))) == 1
