"""What the network is made of: filters of one or several sizes side by side, then dense layers."""

from dataclasses import dataclass
from itertools import pairwise

from patchify.core.axes import CHANNELS, CLASSES, SIDE
from patchify.core.rules import at_least, require


@dataclass(slots=True, kw_only=True)
class Architecture:
    """Patchify convolution(s), then hidden layers of the given widths, then one logit a class.

    filter_sizes: width f of the square filters, each a divisor of 32, each once
    filter_counts: how many filters of each size
    hidden: width of each hidden layer
    """

    filter_sizes: list[int]
    filter_counts: list[int]
    hidden: list[int]

    def __post_init__(self) -> None:
        for name in ("filter_sizes", "filter_counts", "hidden"):
            numbers = getattr(self, name)
            require(isinstance(numbers, list), name, "must be a list", numbers, "write [4] for one number")
            require(len(numbers) > 0, name, "must not be empty", numbers, "give a number, as [4]")
        for size in self.filter_sizes:
            divides = size > 0 and SIDE % size == 0
            require(divides, "filter_sizes", "must tile a 32x32 image", size, "choose among 1, 2, 4, 8, 16 and 32")
        unique = len(set(self.filter_sizes)) == len(self.filter_sizes)
        require(unique, "filter_sizes", "must name each size once", self.filter_sizes, "raise its count instead")
        require(
            len(self.filter_counts) == len(self.filter_sizes),
            "filter_counts",
            f"must hold one count for each of filter_sizes={self.filter_sizes}",
            self.filter_counts,
            "make the two lists equally long",
        )
        for count in self.filter_counts:
            at_least(1, "filter_counts", count)
        for width in self.hidden:
            at_least(1, "hidden", width)

    @property
    def patches(self) -> list[int]:
        """Patches in an image, for each filter size."""
        return [(SIDE // size) ** 2 for size in self.filter_sizes]

    @property
    def filter_shapes(self) -> list[tuple[int, int]]:
        """(K, F) for each filter size."""
        filters = zip(self.filter_sizes, self.filter_counts, strict=True)
        return [(CHANNELS * size * size, count) for size, count in filters]

    @property
    def dense_shapes(self) -> list[tuple[int, int]]:
        """(outputs, inputs) of each dense layer, the last one giving the logits."""
        responses = sum(n * count for n, count in zip(self.patches, self.filter_counts, strict=True))
        widths = [responses, *self.hidden, CLASSES]
        return [(outputs, inputs) for inputs, outputs in pairwise(widths)]

    @property
    def parameter_count(self) -> int:
        """Numbers that are trained: filters, weights, and a bias for each filter and each output."""
        filters = sum(numbers * count + count for numbers, count in self.filter_shapes)
        return filters + sum(outputs * inputs + outputs for outputs, inputs in self.dense_shapes)
