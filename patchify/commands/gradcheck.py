"""`patchify-gradcheck`: evidence that the gradients are right."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from patchify.core.checks.gradient_check import check_gradients, sample
from patchify.gradcheck.against_torch import installed_torch, torch_errors
from patchify.gradcheck.cases import CASES, Case
from patchify.gradcheck.debug_comparison import LIMIT as FILE_LIMIT
from patchify.gradcheck.debug_comparison import Comparison, compare
from patchify.gradcheck.debug_file import DebugFile, DebugFileError, read_debug_file
from patchify.gradcheck.evidence import LIMIT, write_differences, write_errors

IMAGES = 5
SEED = 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Check the gradients, or the course's debugging file, print a table, and exit with 0, 1 or 2."""
    parser = argparse.ArgumentParser(
        prog="patchify-gradcheck",
        description="Compare the analytic gradients of every parameter with central differences in float64, and with "
        "PyTorch where it is installed. With FILE, recompute instead every array of the course's debugging file.",
        epilog=f"Exit status: 0 if all agree, 1 if a relative error exceeds {LIMIT:.0e} (with FILE: a difference "
        f"exceeds {FILE_LIMIT:.0e}), 2 if FILE cannot be used, or FOLDER.",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="such as debug_conv_info.npz")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="leave the table there, too, as CSV")
    words = parser.parse_args(arguments)
    console = Console(highlight=False, markup=False)  # names from a file are no markup
    try:
        if words.file is None:
            sys.exit(_check_cases(console, words.out))
        sys.exit(_check_file(console, words.file, words.out))
    except (DebugFileError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def _check_cases(console: Console, out: Path | None) -> int:
    torch = installed_torch()
    table = Table(box=box.SIMPLE_HEAD, title="Worst relative errors of the analytic gradients")
    table.add_column("network and cost")
    table.add_column("parameter")
    for heading in ("random\ndirections", "single\nentries", *(["PyTorch"] if torch else [])):
        table.add_column(heading, justify="right")
    found = {case.title: worst_errors(case, torch) for case in CASES}
    for title, by_name in found.items():
        table.add_section()
        for i, (name, errors) in enumerate(by_name.items()):
            table.add_row("" if i else title, name, *[f"{error:.1e}" for error in errors])
    console.print(table)
    if torch:
        console.print(f"PyTorch {torch.__version__}: largest difference from autograd over its largest entry.")
    else:
        console.print("Comparison with PyTorch skipped: torch is not installed (pip install 'patchify[torch]').")
    if out:
        console.print(f"wrote {write_errors(out, found)}")
    worst = float(np.max([errors for by_name in found.values() for errors in by_name.values()]))  # NaN if one is
    return _verdict(console, "relative error", worst, LIMIT)


def worst_errors(case: Case, torch: ModuleType | None) -> dict[str, list[float]]:
    """By parameter: along random directions, of single entries, and against PyTorch if there."""
    rng = np.random.default_rng(SEED)
    parameters, examples = sample(case.architecture, rng, IMAGES)
    slopes = check_gradients(parameters, examples, case.regularizer, rng)
    against_torch = torch_errors(torch, case, parameters, examples) if torch else {}
    errors = {}
    for name in parameters.named:
        ours = [slope for slope in slopes if slope.parameter == name]
        directions = [slope.error for slope in ours if slope.direction == "random"]
        entries = [slope.error for slope in ours if slope.direction != "random"]
        errors[name] = [float(np.max(directions)), float(np.max(entries))]
        if torch:
            errors[name].append(against_torch[name])
    return errors


def _check_file(console: Console, path: Path, out: Path | None) -> int:
    file = read_debug_file(path)
    comparison = compare(file)
    _show(console, file, comparison)
    if out:
        console.print(f"wrote {write_differences(out, comparison.rows)}")
    return _verdict(console, "difference", comparison.worst, FILE_LIMIT)


def _show(console: Console, file: DebugFile, comparison: Comparison) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="Largest differences from the file's arrays")
    table.add_column("array")
    table.add_column("slow code", justify="right")
    table.add_column("fast code", justify="right")
    for row in comparison.rows:
        table.add_row(row.key, f"{row.slow:.1e}", f"{row.fast:.1e}")
    console.print(table)
    for heading, keys in (
        ("Taken as given", comparison.given),
        ("Missing from the file", file.missing),
        ("Not checked, for what they are computed from is missing", comparison.unchecked),
        ("Other keys, not used", [ascii(key) for key in file.others]),
    ):
        if keys:
            console.print(f"{heading}: {', '.join(keys)}")


def _verdict(console: Console, what: str, worst: float, limit: float) -> int:
    passed = worst <= limit  # False for NaN
    console.print(f"{'Passed' if passed else 'FAILED'}: the largest {what} is {worst:.1e}, the limit is {limit:.0e}.")
    return 0 if passed else 1
