"""Results of others, as their authors state them."""

from dataclasses import dataclass

from patchify.core.rules import require


@dataclass(slots=True, kw_only=True)
class Published:
    """A published run, or several as a range: training time in seconds, test accuracy as a fraction.

    Each holds one number, as [6945], or the ends of a range, as [13, 96]. Raises ValueError for anything else.
    """

    seconds: list[float]
    accuracy: list[float]

    def __post_init__(self) -> None:
        for name, ends, remedy in (
            ("seconds", self.seconds, "write [6945] or [13, 96]"),
            ("accuracy", self.accuracy, "write a fraction, as [0.749] or [0.559, 0.576]"),
        ):
            ordered = len(ends) in {1, 2} and 0 < ends[0] <= ends[-1] < float("inf")
            require(ordered, name, "must hold one positive number, or a range from low to high", ends, remedy)
        percent = "divide per cent by 100, as [0.749]"
        require(self.accuracy[-1] <= 1, "accuracy", "must be a fraction, at most 1", self.accuracy, percent)
