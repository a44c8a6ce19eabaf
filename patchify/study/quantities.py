"""What a column of results.csv or a metric measures, and how it is written."""

from dataclasses import dataclass

IMAGES = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(slots=True, kw_only=True, frozen=True)
class Quantity:
    """name and unit as on an axis; scale: factor on stored numbers; decimals: digits after the point in text."""

    name: str
    unit: str
    scale: float = 1.0
    decimals: int = 3

    @property
    def axis(self) -> str:
        """Name and unit, as "accuracy (%)"."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


QUANTITIES = {
    "accuracy": Quantity(name="accuracy", unit="%", scale=100.0, decimals=1),
    "accuracy_views": Quantity(name="accuracy over views", unit="%", scale=100.0, decimals=1),
    "seconds": Quantity(name="time", unit="s", decimals=1),
    "cpu_seconds": Quantity(name="processor time", unit="s", decimals=1),
    "flops": Quantity(name="compute", unit="FLOP", decimals=0),
    "loss": Quantity(name="loss", unit="nats"),
    "cost": Quantity(name="cost", unit="nats"),
    "gap": Quantity(name="overfitting gap", unit="nats"),
    "rate": Quantity(name="learning rate", unit=""),
}
"""By what follows the first word of a column or metric."""


def quantity(column: str) -> Quantity:
    """What `test_accuracy` or `test/accuracy` measures.

    >>> quantity("test/accuracy").axis
    'accuracy (%)'
    """
    what = column.replace("/", "_").partition("_")[2]
    return QUANTITIES.get(what, Quantity(name=column, unit=""))


def heading(column: str) -> str:
    """The column with the images it is of, and its unit.

    >>> heading("train_seconds")
    'training time (s)'
    >>> heading("train_cpu_seconds")
    'training processor time (s)'
    >>> heading("train_flops")
    'training compute (FLOP)'
    >>> heading("test_accuracy_views")
    'test accuracy over views (%)'
    """
    part = column.replace("/", "_").partition("_")[0]
    return f"{IMAGES[part]} {quantity(column).axis}" if part in IMAGES else quantity(column).axis


def of_difference(axis: str) -> str:
    """The axis of differences of such a quantity.

    >>> of_difference("test accuracy (%)")
    'difference in test accuracy (percentage points)'
    """
    return f"difference in {axis.replace('(%)', '(percentage points)')}"
