"""The command `patchify-data`: fetch CIFAR-10 if need be, verify it, and say what there is."""

import argparse
import os
import sys
from collections.abc import Sequence

from patchify.data.cache import cache_folder, entries
from patchify.data.cifar10 import Cifar10
from patchify.data.source import DataError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status is 0, or 1 with the reason on stderr where the data cannot be had."""
    parser = argparse.ArgumentParser(
        prog="patchify-data", description="Fetch CIFAR-10 if need be (170 MB), verify it, and say what there is."
    )
    parser.add_argument(
        "--root",
        metavar="FOLDER",
        default=os.environ.get("PATCHIFY_DATA"),
        help="folder that holds, or will hold, cifar-10-batches-py/ (default: PATCHIFY_DATA, else the cache folder)",
    )
    source = Cifar10(root=parser.parse_args(arguments).root, official_only=False, validation=0, split_seed=0)
    try:
        source.fetch()
        data = source.read()
    except DataError as error:
        sys.stderr.write(f"patchify-data: {error}\n")
        return 1
    checksums = (
        "official: all checksums are the published ones"
        if data.official
        else "unofficial: other checksums than the published ones"
    )
    counts = f"{len(data.train_images):,} training and {len(data.test_images):,} test images"
    sys.stdout.write(
        f"CIFAR-10 in {source.folder}\n{counts} of {len(data.class_names)} classes\n{checksums}\ndigest {data.digest}\n"
        f"{_prepared()}\n"
    )
    return 0


def _prepared() -> str:
    """What the cache of prepared data holds."""
    try:
        kept = entries(cache_folder())
        size = sum(file.stat().st_size for entry in kept for file in entry.iterdir())
    except FileNotFoundError:
        return f"prepared for training in {cache_folder()}: another process is changing it"
    return f"prepared for training in {cache_folder()}: {len(kept)} kept, {size / 1e9:.2f} GB; may be deleted any time"


if __name__ == "__main__":
    sys.exit(main())
