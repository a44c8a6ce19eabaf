"""Tables and numbers as a study's README has them."""

from collections.abc import Sequence

from patchify.study.intervals import Interval
from patchify.study.quantities import quantity


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of Markdown."""
    return [f"| {' | '.join(row)} |" for row in (headings, ["---"] * len(headings), *rows)]


def number(found: Interval, column: str, sign: str = "-") -> str:
    """A column's mean ± half of its interval; sign: "+" for a plus before what is positive.

    >>> number(Interval(mean=0.7671, half_width=0.0032, n=3), "test_accuracy")
    '76.7 ± 0.3'
    """
    scale, decimals = quantity(column).scale, quantity(column).decimals
    mean = f"{scale * found.mean:{sign}z.{decimals}f}"
    return mean if found.half_width is None else f"{mean} ± {scale * found.half_width:.{decimals}f}"
