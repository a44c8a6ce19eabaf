"""The command `patchify-data`: what it says and how it ends."""

import re
from pathlib import Path

import pytest

from patchify.commands.fetch import main
from patchify.data import cifar10
from patchify.data.cifar10 import FOLDER


def test_it_says_where_the_files_are_how_many_and_that_they_are_not_official(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(stored)]) == 0
    shown = capsys.readouterr()
    assert not shown.err
    where, counts, official, digest, prepared = shown.out.splitlines()
    assert where == f"CIFAR-10 in {stored / FOLDER}"
    assert counts == "50,000 training and 10,000 test images of 10 classes"
    assert official == "unofficial: other checksums than the published ones"
    assert digest.split()[0] == "digest"
    assert len(digest.split()[1]) == 64
    assert re.fullmatch(r"prepared for training in .*prepared: 0 kept, 0.00 GB; may be deleted any time", prepared)


def test_the_default_root_is_the_environments_and_official_files_are_said_to_be(
    stored: Path, checksums: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHIFY_DATA", str(stored))
    monkeypatch.setattr(cifar10, "MD5", checksums)
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert f"CIFAR-10 in {stored / FOLDER}\n" in shown
    assert "\nofficial: all checksums are the published ones\n" in shown


def test_what_cannot_be_had_is_said_on_stderr_with_exit_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--root", str(tmp_path / "file")]) == 1
    shown = capsys.readouterr()
    assert not shown.out
    assert shown.err.startswith("patchify-data: data.root must be the folder that holds cifar-10-batches-py/: ")
    assert len(shown.err.splitlines()) == 1
