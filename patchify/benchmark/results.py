"""From times to the table that everything else is made of: results.csv."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from patchify.benchmark.cells import Times
from patchify.benchmark.names import FLOOR, OTHERS, OURS, PARTS
from patchify.benchmark.timing import median

KEYS = ["threads", "f", "nf", "nh"]
"""What a measurement is of, besides the implementation."""


def table(measurements: Sequence[Times]) -> pd.DataFrame:
    """One row for each number of threads, cell and implementation.

    cpu_us, wall_us: median microseconds of an update; cpu_ratio, wall_ratio: median over the repeats of its time over
    that of ours in the same repeat, with the 95 % interval from low to high; repeats: how many; block: updates in each
    """
    return pd.DataFrame(
        [_row(times, name) for times in measurements for name in (OURS, *OTHERS, *PARTS) if name in times.cpu]
    )


def _row(times: Times, name: str) -> dict[str, object]:
    cell = times.cell
    row: dict[str, object] = {
        **dict(zip(KEYS, (times.threads, cell.f, cell.nf, cell.nh), strict=True)),
        "implementation": name,
    }
    for clock, seconds in (("cpu", times.cpu), ("wall", times.wall)):
        ratio = median([theirs / ours for theirs, ours in zip(seconds[name], seconds[OURS], strict=True)])
        row |= {
            f"{clock}_us": _rounded(1e6 * median(seconds[name]).middle),
            f"{clock}_ratio": _rounded(ratio.middle),
            f"{clock}_ratio_low": _rounded(ratio.low),
            f"{clock}_ratio_high": _rounded(ratio.high),
        }
    return {**row, "repeats": times.repeats, "block": cell.block}


def _rounded(value: float) -> float:
    """To five digits here, not when written, so that the file holds just what charts and README say."""
    return float(f"{value:.5g}")


def geometric_mean(values: "pd.Series[float]") -> float:
    """exp(mean(log x)); NaN of nothing."""
    return float(np.exp(np.log(values).mean()))


def headline(results: pd.DataFrame, clock: str = "cpu") -> dict[str, float]:
    """Geometric means over the cells of one number of threads, NaN for what was not measured.

    floor: our time over that of the matrix products alone; the others: their time over ours.
    """
    means = {name: geometric_mean(results.loc[results["implementation"] == name, f"{clock}_ratio"]) for name in OTHERS}
    return {**means, FLOOR: 1 / means[FLOOR]}


def last_line(results: pd.DataFrame) -> str:
    """What scripts read: CPU time with the fewest threads, `geomean floor=1.18 pytorch=2.40 jax=1.21 einsum=9.3`."""
    means = headline(results[results["threads"] == results["threads"].min()])
    digits = dict.fromkeys(OTHERS, 2) | {"einsum": 1}
    return "geomean " + " ".join(f"{name}={mean:.{digits[name]}f}" for name, mean in means.items())
