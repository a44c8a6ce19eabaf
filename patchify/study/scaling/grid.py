"""The settings of a scaling study: networks of several widths, trained for several lengths, and what they came to."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from patchify.study import ResultsError
from patchify.study.intervals import quantile
from patchify.study.quantities import quantity
from patchify.study.scaling.laws import Losses, Points

DIMENSIONS = ("filters", "hidden units", "updates")
WIDTHS = ("architecture.filter_counts", "architecture.hidden")
"""Columns of results.csv with the first two; the third is `updates`."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Grid:
    """All settings, from the least compute to the most.

    points: (S, 3) filters, hidden units, updates; compute: (S,) operations of a training
    losses: (S,) means over seeds of a loss, or of the error rate in place of accuracy
    deviation: standard deviation over seeds, pooled over all settings; None with one seed
    half_widths: (S,) of the 95 % intervals of the means, by the pooled deviation; None with one seed
    prices: (3,) operations of one update for each filter, for each filter with each hidden unit, for each hidden unit
    """

    points: Points
    compute: Float[np.ndarray, "S"]
    losses: Losses
    deviation: float | None
    half_widths: Losses | None
    prices: Float[np.ndarray, "3"]

    @property
    def frontier(self) -> Bool[np.ndarray, "S"]:
        """Which settings have a lower loss than all that took less compute."""
        before = np.minimum.accumulate(np.concatenate([[np.inf], self.losses[:-1]]))
        return self.losses < before

    @property
    def best(self) -> int:
        """The setting of the lowest loss."""
        return int(np.argmin(self.losses))

    def of_update(self, widths: Float[np.ndarray, "*A 2"]) -> Float[np.ndarray, "*A"]:
        """Operations of one update of networks with so many filters and hidden units."""
        return np.asarray(_features(widths) @ self.prices)


def grid(results: pd.DataFrame, column: str) -> Grid:
    """The grid of a study's results.csv, with the losses, or accuracies, of a column.

    Raises ResultsError where runs differ in more than the widths of two layers and in updates.
    """
    rows = pd.DataFrame(
        {
            **{name: _widths(results, name) for name in WIDTHS},
            "updates": results["updates"].astype(float),
            "compute": results["train_flops"].astype(float),
            "loss": 1 - results[column] if quantity(column).name.startswith("accuracy") else results[column],
            "run": results["run"],
        }
    )
    groups = rows.groupby([*WIDTHS, "updates"])
    different = rows[[*WIDTHS, "updates", "run", "compute"]].drop_duplicates()
    found = groups.agg(compute=("compute", "first"), loss=("loss", "mean"), n=("loss", "size"))
    found = found.sort_values("compute", kind="stable").reset_index()
    points = found[[*WIDTHS, "updates"]].to_numpy()
    each_update = (found["compute"] / found["updates"]).to_numpy()
    prices, *_ = np.linalg.lstsq(_features(points[:, :2]), each_update)
    if len(different) > len(found) or not np.allclose(_features(points[:, :2]) @ prices, each_update, rtol=1e-6):
        raise ResultsError(
            f"runs of a scaling chart must differ in {', '.join(WIDTHS)} and updates alone: those of one such setting, "
            "or their compute, differ in more; make other settings a study of their own"
        )
    free = int((found["n"] - 1).sum())
    squares = float(((rows["loss"] - groups["loss"].transform("mean")) ** 2).sum())
    deviation = float(np.sqrt(squares / free)) if free else None
    widening = quantile(free) / np.sqrt(found["n"].to_numpy()) if free else None
    return Grid(
        points=points,
        compute=found["compute"].to_numpy(),
        losses=found["loss"].to_numpy(),
        deviation=deviation,
        half_widths=None if deviation is None or widening is None else deviation * widening,
        prices=prices,
    )


def _widths(results: pd.DataFrame, column: str) -> "pd.Series[float]":
    """The width of a layer in each run."""
    lists = [json.loads(str(text)) for text in results[column]] if column in results else []
    if not lists or any(len(found) != 1 for found in lists):
        raise ResultsError(
            f"runs of a scaling chart must vary {column}, one width each: "
            f"got {sorted(map(str, lists)) or 'the same in all'}; sweep over it, as '[16],[40],[100]'"
        )
    return pd.Series([float(found[0]) for found in lists], index=results.index)


def _features(widths: Float[np.ndarray, "*A 2"]) -> Float[np.ndarray, "*A 3"]:
    """What operations are a sum of: the convolution's, the hidden layer's, the last layer's."""
    filters, hidden = widths[..., 0], widths[..., 1]
    return np.stack([filters, filters * hidden, hidden], axis=-1)
