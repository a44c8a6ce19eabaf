"""The command `patchify-predict`: pictures of one's own, classified by a tracked run."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from patchify.data.source import DataError
from patchify.display import say
from patchify.store import StoreError

BATCH = 100
"""Pictures read, classified and shown at once."""

Read = TypeVar("Read")


def main() -> None:
    """Read the command line, classify; exit status 1 if there is no such run or a picture could not be read."""
    parser = argparse.ArgumentParser(
        prog="patchify-predict",
        description="Classify pictures by the network of a finished run. What it sees of each is the square in the "
        "middle, in 32x32 pixels.",
    )
    parser.add_argument("run", metavar="RUN", help="run id or run key, or how it begins; or best:STUDY")
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="a picture, or a folder of them")
    parser.add_argument("--uri", metavar="STORE", help="MLflow address, or a tracking folder (default: mlruns)")
    parser.add_argument("--json", action="store_true", help="a list of pictures with the probabilities of all classes")
    words = parser.parse_args()

    uri = words.uri or os.environ.get("MLFLOW_TRACKING_URI")
    try:
        complete = predict(words.run, words.images, uri=uri, as_json=words.json)
    except (StoreError, OSError) as error:
        sys.exit(f"patchify-predict: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    if not complete:
        sys.exit(1)


def predict(name: str, images: Sequence[Path], *, uri: str | None, as_json: bool) -> bool:
    """Say what the run of this name takes the pictures for; whether all could be read. Raises StoreError, OSError."""
    from patchify.config.catalog import tracking_folder  # noqa: PLC0415 - these take seconds to import, --help does not
    from patchify.data.pictures import picture_files, read_picture  # noqa: PLC0415
    from patchify.display.prediction import answer, heading, record  # noqa: PLC0415
    from patchify.store.opening import address_of, store_to_read  # noqa: PLC0415
    from patchify.stored.files import classifier_of  # noqa: PLC0415
    from patchify.stored.naming import named_run  # noqa: PLC0415
    from patchify.tracking.portions import batches  # noqa: PLC0415

    refused: list[DataError] = []
    files = [file for path in images for found in _tried(picture_files, path, refused) for file in found]
    if files:
        store = store_to_read(address_of(uri, tracking_folder()))
        named = named_run(store, name)
        classifier = classifier_of(store, named.run)
        names, answers = classifier.class_names, []
        if not as_json:
            say(heading(named.about, names))
        readable = (picture for file in files for picture in _tried(read_picture, file, refused))
        for pictures in batches(readable, BATCH):
            rows = classifier(np.stack([picture.pixels for picture in pictures]))
            for picture, probabilities in zip(pictures, rows, strict=True):
                if as_json:
                    answers.append({"run": named.run.id, **record(picture, names, probabilities)})
                else:
                    say(f"\n{answer(picture, names, probabilities)}")
        if as_json:
            say(json.dumps(answers, indent=1, ensure_ascii=False))
    for error in refused:
        sys.stderr.write(f"patchify-predict: {error}\n")
    return not refused


def _tried(read: Callable[[Path], Read], path: Path, refused: list[DataError]) -> list[Read]:
    """What could be read of a path, if anything; else the reason is among the refused."""
    try:
        return [read(path)]
    except DataError as error:
        refused.append(error)
        return []
