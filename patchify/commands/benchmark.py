"""`patchify-benchmark`: how fast an update is beside PyTorch, JAX, einsum, and its matrix products alone."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from patchify.benchmark import ComparisonError
from patchify.benchmark.cells import GRID, QUICK, Plan, Times
from patchify.benchmark.names import OTHERS, REMEDY, choose, installed
from patchify.benchmark.progress import Progress
from patchify.benchmark.worker import cores, measured
from patchify.display import say
from patchify.store import StoreError

IMAGES = 10_000
"""Images to take batches from: 120 MB in each layout, several times any cache, and not the 600 MB of CIFAR-10."""
SECONDS = {False: 5.0, True: 3.0}
"""For timing a cell, full and quick."""
FOLDER = Path("experiments/pytorch")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, write and record. Exit status 1 where that can't be done, 130 if interrupted."""
    parser = argparse.ArgumentParser(
        prog="patchify-benchmark",
        description="Time one update of the same network, from the same weights, on the same batches, in patchify, "
        "PyTorch, JAX and the assignment's einsum, and the update's five large matrix products alone. The losses must "
        "agree first. 32 networks take up to 20 minutes.",
        epilog="The last line is for scripts, as: geomean floor=1.18 pytorch=2.40 jax=1.21 einsum=9.3 (CPU time with "
        "the fewest threads; floor: ours over the matrix products alone; others: theirs over ours; nan: not measured).",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="five networks, one thread, under a minute; nothing is written without --out",
    )
    parser.add_argument("--only", type=_words, metavar="NAMES", help=f"compare with these alone: {','.join(OTHERS)}")
    parser.add_argument("--threads", type=_numbers, metavar="NUMBERS", help="default: 1,2; with --quick 1")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help=f"where to write (default: {FOLDER}, unless --quick)"
    )
    parser.add_argument("--uri", metavar="STORE", help="MLflow address, or a tracking folder, to log to")
    parser.add_argument("--folder", metavar="FOLDER", help="tracking folder, made if need be (default: mlruns)")
    words = parser.parse_args(arguments)
    typed = shlex.join([parser.prog, *(sys.argv[1:] if arguments is None else arguments)])
    out = words.out or (None if words.quick else FOLDER)
    try:
        plans = plan(quick=words.quick, only=words.only, threads=words.threads)
        compare(plans, out, command=typed, uri=words.uri, folder=words.folder)
    except (ComparisonError, StoreError, OSError) as error:
        sys.exit(f"{parser.prog}: {error}")
    except KeyboardInterrupt:
        sys.stderr.write(f"{parser.prog}: interrupted; results are written only when all is measured\n")
        sys.exit(130)


def plan(*, quick: bool, only: Sequence[str] | None, threads: Sequence[int] | None) -> list[Plan]:
    """What to measure, for each number of threads; says what is skipped. Raises ComparisonError for what can't be."""
    there_are = cores()
    wanted = threads or ([1] if quick else [number for number in (1, 2) if number <= there_are])
    for number in wanted:
        if not 1 <= number <= there_are:
            raise ComparisonError(
                f"--threads must lie in 1..{there_are}, the cores there are: got {number}; choose among these"
            )
    for name in OTHERS:
        if only is None and not installed(name):
            say(f"{name} skipped: not installed; {REMEDY}")
    names = choose([name for name in OTHERS if installed(name)] if only is None else only)
    cells, seconds = QUICK if quick else GRID, SECONDS[quick]
    return [
        Plan(cells=cells, names=names, threads=number, images=IMAGES, seconds=seconds) for number in sorted(set(wanted))
    ]


def compare(plans: Sequence[Plan], out: Path | None, *, command: str, uri: str | None, folder: str | None) -> None:
    """Measure, then write to the folder `out` and record in the store, if there is an `out`; print the last line."""
    # imported here, since these take seconds, and --help and what is refused do not
    from patchify.benchmark.results import last_line, table  # noqa: PLC0415
    from patchify.config.catalog import tracking_folder  # noqa: PLC0415

    store = None
    if out is not None:  # first, so that a store that can't be used is known before the measuring
        from patchify.store.opening import address_of, open_store  # noqa: PLC0415

        uri = uri or (None if folder else os.environ.get("MLFLOW_TRACKING_URI"))
        store = open_store(address_of(uri, folder or tracking_folder()))
    measurements: list[Times] = []
    progress = Progress(sum(len(asked.cells) for asked in plans))
    for asked in plans:
        for times in measured(asked):
            measurements.append(times)
            progress.show(times)
    results = table(measurements)
    if out is not None and store is not None:
        from patchify.benchmark.report.machine import machine  # noqa: PLC0415
        from patchify.benchmark.report.record import record  # noqa: PLC0415
        from patchify.benchmark.report.writing import write  # noqa: PLC0415

        here = machine()
        for path in write(results, out, machine=here, images=plans[0].images, command=command):
            say(f"wrote {path}")
        unsent = record(uri, folder or tracking_folder(), out.name, results, here, out)
        say(f"recorded as {out.name} in {store.address}" if not unsent else f"not all recorded yet: {unsent}")
    say(last_line(results))


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in _words(text)]
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be numbers such as 1,2: got {text!r}") from None
