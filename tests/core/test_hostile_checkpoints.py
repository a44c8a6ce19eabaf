"""Checkpoints made by someone else, with checksums that hold: refused by name, nothing run, nothing written."""

import hashlib
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchify.core.training.checkpoints import latest_checkpoint
from tests.core.states import RUN, refused_for


class Bomb:
    """A pickle that leaves a trace when it is read."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, ("exploded",)


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of any members, with the right checksum."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)
        made.comment = bytes(64)
    content = file.getvalue()[:-64]
    return content + hashlib.sha256(content).hexdigest().encode()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def declaring(shape: str, dtype: str = "<f4") -> bytes:
    """An array file without data whose header declares a shape."""
    file = io.BytesIO()
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    return file.getvalue()


SOUND = {"run": RUN, "step": 100, "seconds": 0.0, "cpu_seconds": 0.0, "records": [], "streams": {}}
SCORES = {"loss": 1, "cost": 1, "accuracy": 1}
VECTOR = npy(np.zeros(3, np.float32))


def told(text: str) -> bytes:
    """A checkpoint whose `about` is any text."""
    return archive({"about.npy": npy(np.array(text)), "parameters.npy": VECTOR})


def about(**changes: object) -> bytes:
    """A sound checkpoint, but for what is changed in `about`."""
    return told(json.dumps({**SOUND, **changes}))


def scored(scores: dict[str, Any]) -> bytes:
    return about(
        records=[{"step": 0, "rate": 0.1, "seconds": 0.0, "cpu_seconds": 0.0, "evaluations": {"test": scores}}]
    )


def holding(name: str, content: bytes) -> bytes:
    """A sound checkpoint, but for a member."""
    return archive({"about.npy": npy(np.array(json.dumps(SOUND))), name: content})


def checked(content: bytes) -> bytes:
    return content + hashlib.sha256(content).hexdigest().encode()


NO_VECTOR = "parameters is no vector of a network"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "a pickle": (checked(pickle.dumps(Bomb())), "File is not a zip file"),
    "an object array": (holding("parameters.npy", npy(np.array([Bomb()]))), "Object arrays cannot be loaded"),
    "an object for the text": (holding("about.npy", npy(np.array(Bomb()))), "Object arrays cannot be loaded"),
    "a pickle as a member": (holding("parameters", pickle.dumps(Bomb())), NO_VECTOR),
    "nothing but a checksum": (checked(b""), "File is not a zip file"),
    "a single array": (checked(VECTOR), "File is not a zip file"),
    "a member above": (holding("../x.npy", VECTOR), "../x is no vector"),
    "an absolute member": (holding("/tmp/x.npy", VECTOR), "/tmp/x is no vector"),
    "a folder": (holding("x/", b""), "x/ is no vector"),
    "a member that is no array": (holding("run.sh", b"#!/bin/sh"), "run.sh is no vector"),
    "integers": (holding("parameters.npy", npy(np.zeros(3, np.int64))), NO_VECTOR),
    "bytes in another order": (holding("parameters.npy", npy(np.zeros(3, ">f4"))), NO_VECTOR),
    "a matrix": (holding("parameters.npy", npy(np.zeros((3, 3), np.float32))), NO_VECTOR),
    "a thousand terabytes of nothing declared": (holding("x.npy", declaring(f"({10**15},)", "|V0")), ""),
    "four terabytes declared": (holding("x.npy", declaring(f"({10**12},)")), ""),  # as the machine's memory has it
    "sizes beyond counting": (holding("x.npy", declaring(f"({10**30}, {10**30})")), "too large"),
    "a negative size": (holding("x.npy", declaring("(-1,)")), "negative dimensions"),
    "what unpacks to a thousand times its size": (
        archive({"about.npy": VECTOR, "parameters.npy": bytes(10_000_000)}, zipfile.ZIP_DEFLATED),
        "more than it has",
    ),
    "no text": (archive({"parameters.npy": VECTOR}), "about"),
    "no members": (archive({}), "about"),
    "text that is no JSON": (told("{"), "Expecting property name"),
    "deep text": (told("[" * 100_000), "recursion"),
    "a list for the text": (told("[]"), "list indices"),
    "a missing step": (told(json.dumps({"run": RUN, "streams": {}})), "step"),
    "a step that is no number": (about(step="x"), "invalid literal"),
    "records that are none": (about(records=[{}]), "step"),
    "scores that are no numbers": (scored({**SCORES, "loss": "x"}), "could not convert"),
    "scores of other names": (scored({**SCORES, "__class__": 1}), "__class__"),
    "a stream that is none": (about(streams={"order": 5}), "state must be a dict"),
    "a stream of another generator": (about(streams={"order": {"bit_generator": "MT19937"}}), "PCG64"),
}


def test_what_the_hostile_files_are_made_from_is_sound_but_for_what_makes_them_hostile(newest: Path) -> None:
    newest.write_bytes(scored(SCORES))
    found, refused = latest_checkpoint(newest.parent, run=RUN)
    assert found is not None
    assert (found.step, refused) == (100, [])


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_and_nothing_is_run_or_written(newest: Path, kind: str) -> None:
    content, reason = HOSTILE[kind]
    newest.write_bytes(content)
    before = sorted(Path.cwd().rglob("*"))
    refused_for(newest.parent, reason)
    assert sorted(Path.cwd().rglob("*")) == before
