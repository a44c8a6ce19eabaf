"""States of training kept on disk, so that a run that was killed goes on from the last of them.

A checkpoint is an .npz of the state's vectors, with all else as JSON in `about`. The archive's comment, which ends the
file, is the SHA-256 of all bytes before it.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from patchify.core.model.evaluation import Evaluation
from patchify.core.training.records import Record, State

DIGITS = 10
"""Of the step in a file's name, so that names sort by it."""
UNFINISHED = "checkpoint-unfinished"
CHECKSUM = 64
"""Characters of a SHA-256."""


def write_checkpoint(folder: Path, state: State, *, run: str) -> Path:
    """Write a state of the run with the key `run`, and keep it and the one before.

    Whenever the process ends, `folder`, which must be there, holds the new checkpoint whole or those before. Raises
    OSError with the file's name and the bytes that it needs where it can't be written; those before stay.
    """
    content = _packed(state, run)
    path, unfinished = folder / f"checkpoint-{state.step:0{DIGITS}}.npz", folder / UNFINISHED
    try:
        unfinished.unlink(missing_ok=True)  # what a killed writer left
        with unfinished.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
        _sync(folder)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        needs = f"a checkpoint needs {len(content):,} bytes: make room and start the same command again"
        raise OSError(error.errno, f"{error.strerror}; {needs}", str(path)) from error
    others = [other for other in _checkpoints(folder) if other != path]
    before = max((other for other in others if other < path), default=None)
    _remove(other for other in others if other != before)  # later ones were refused, or are of an earlier attempt
    return path


def latest_checkpoint(folder: Path, *, run: str) -> tuple[State | None, list[str]]:
    """The newest sound state of the run with the key `run`, and a message for each newer file that was refused."""
    refused: list[str] = []
    for path in reversed(_checkpoints(folder)):
        try:
            return _read(path, run), refused
        except Exception as error:  # a damaged or hostile file can raise nearly anything: BadZipFile, KeyError, ...
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            refused.append(f"{path} is no sound checkpoint of this run ({reason}): it is left out")
    return None, refused


def remove_checkpoints(folder: Path) -> None:
    """Remove all checkpoints, finished or not, and nothing else."""
    _remove([*_checkpoints(folder), folder / UNFINISHED])


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"checkpoint-{'[0-9]' * DIGITS}.npz"))


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.is_dir():
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _packed(state: State, run: str) -> bytes:
    about = {
        "run": run,
        "step": state.step,
        "seconds": state.seconds,
        "cpu_seconds": state.cpu_seconds,
        "records": [asdict(record) for record in state.records],
        "streams": state.streams,
    }
    file = BytesIO()
    np.savez(file, about=np.array(json.dumps(about)), **state.arrays)  # type: ignore[arg-type]  # no array is allow_pickle
    with ZipFile(file, "a") as archive:
        archive.comment = bytes(CHECKSUM)
    checksum = hashlib.sha256(file.getbuffer()[:-CHECKSUM]).hexdigest()
    file.seek(-CHECKSUM, os.SEEK_END)
    file.write(checksum.encode())
    return file.getvalue()


def _read(path: Path, run: str) -> State:
    """The state in a file. Whoever made the file can't make reading it run code, write, or take much more memory."""
    _require(path.is_file(), "it is no file")
    content = path.read_bytes()
    checksum = hashlib.sha256(content[:-CHECKSUM]).hexdigest().encode()
    _require(content[-CHECKSUM:] == checksum, "cut or changed: its checksum does not hold")
    with ZipFile(BytesIO(content)) as archive:
        declared = sum(member.file_size for member in archive.infolist())
    _require(declared <= len(content), f"it declares {declared:,} bytes, more than it has")
    with np.load(BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(str(arrays.pop("about")))
    _require(about["run"] == run, f"it is of the run {about['run']}")
    for name, array in arrays.items():
        vector = isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype in (np.float32, np.float64)
        _require(name.isidentifier() and vector, f"{name} is no vector of a network")
    for stream in about["streams"].values():
        np.random.PCG64().state = stream  # raises unless it is a state
    return State(
        step=int(about["step"]),
        seconds=float(about["seconds"]),
        cpu_seconds=float(about["cpu_seconds"]),
        records=[_record(record) for record in about["records"]],
        arrays=arrays,
        streams=about["streams"],
    )


def _record(found: dict[str, Any]) -> Record:
    return Record(
        step=int(found["step"]),
        rate=float(found["rate"]),
        seconds=float(found["seconds"]),
        cpu_seconds=float(found["cpu_seconds"]),
        evaluations={
            name: Evaluation(**{score: float(value) for score, value in scores.items() if value is not None})
            for name, scores in found["evaluations"].items()
        },
    )


def _require(kept: bool, reason: str) -> None:
    if not kept:
        raise ValueError(reason)
