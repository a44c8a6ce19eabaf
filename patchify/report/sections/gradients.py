"""The evidence that gradients are right."""

from pathlib import Path

import pandas as pd

from patchify.gradcheck.debug_comparison import LIMIT as FILE_LIMIT
from patchify.gradcheck.evidence import CHECKS, CODES, LIMIT
from patchify.report.blocks import Block, Paragraph, Table
from patchify.report.reading import file_differences, gradient_errors

WAYS = {
    "random_directions": "random directions",
    "single_entries": "single entries",
    "pytorch": "PyTorch",
}


def gradients(folder: Path) -> list[Block]:
    """The errors of each parameter, and the differences from the course's debugging file. Raises ResultsError."""
    errors, differences = gradient_errors(folder), file_differences(folder)
    return [*([] if errors is None else _errors(errors)), *([] if differences is None else _file(differences))]


def _errors(errors: pd.DataFrame) -> list[Block]:
    checks = [check for check in CHECKS if errors[check].notna().any()]
    worst = float(errors[checks].to_numpy(float).max())
    against = "" if "pytorch" not in checks else ", and from the gradients of PyTorch's automatic differentiation"
    text = (
        "The gradients of every parameter were compared with central differences in float64, along random directions "
        f"and for single entries{against}, for {errors['network'].nunique()} networks and costs. "
        f"{_verdict(worst, LIMIT, 'relative error')}"
    )
    rows = [
        [str(name), str(len(found)), *(f"{found[check].max(skipna=False):.1e}" for check in checks)]
        for name, found in errors.groupby("parameter", sort=False)
    ]
    headings = ["parameter", "networks", *(WAYS[check] for check in checks)]
    caption = "Relative errors of the analytic gradients: for each parameter the worst of all networks that have it."
    return [Paragraph(text=text), Table(headings=headings, rows=rows, caption=caption)]


def _file(differences: pd.DataFrame) -> list[Block]:
    worst = float(differences[list(CODES)].to_numpy(float).max())
    text = (
        f"{len(differences)} arrays of the course's debugging file were computed again, by the slow code of the "
        f"definitions and by the fast code that trains. {_verdict(worst, FILE_LIMIT, 'absolute difference')}"
    )
    rows = [[str(row["array"]), *(f"{row[code]:.1e}" for code in CODES)] for _, row in differences.iterrows()]
    caption = "Largest absolute differences from the arrays of the course's debugging file."
    return [Paragraph(text=text), Table(headings=["array", "slow code", "fast code"], rows=rows, caption=caption)]


def _verdict(worst: float, limit: float, what: str) -> str:
    passed = worst <= limit  # False for NaN
    return (
        f"The largest {what} is {worst:.1e}, {'below' if passed else 'NOT below'} the limit of {limit:.0e}: "
        f"{'they agree' if passed else '**they do not agree**'}."
    )
