"""The evidence as two tables that a report can show: errors by parameter, and differences by array of the file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from patchify.gradcheck.debug_comparison import Row

LIMIT = 1e-6
"""Largest relative error that passes: measured, right gradients stay below 1e-8."""
PARAMETERS, ARRAYS = "results.csv", "debug_file.csv"
"""Names of the files."""
CHECKS = ("random_directions", "single_entries", "pytorch")
"""Columns of the first, of relative errors; the last stays empty without PyTorch."""
CODES = ("slow", "fast")
"""Columns of the second, of absolute differences."""

Errors = Mapping[str, Sequence[float]]
"""Of one network and cost: by parameter, in the order of CHECKS."""


def write_errors(folder: Path, found: Mapping[str, Errors]) -> Path:
    """The errors by network and cost. Raises OSError."""
    return _write(
        folder / PARAMETERS,
        ["network", "parameter", *CHECKS],
        (
            [case, name, *errors, *[""] * (len(CHECKS) - len(errors))]
            for case, by_name in found.items()
            for name, errors in by_name.items()
        ),
    )


def write_differences(folder: Path, found: Iterable[Row]) -> Path:
    """The differences from the file's arrays. Raises OSError."""
    return _write(folder / ARRAYS, ["array", *CODES], [[row.key, row.slow, row.fast] for row in found])


def _write(path: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(headings)
        for row in rows:
            writer.writerow(f"{value:.2e}" if isinstance(value, float) else value for value in row)
    return path
