"""The networks and costs whose gradients are checked."""

from dataclasses import dataclass

from patchify.core.model.architecture import Architecture
from patchify.core.model.losses import Regularizer


@dataclass(slots=True, kw_only=True)
class Case:
    """A network and cost whose gradients are checked."""

    title: str
    architecture: Architecture
    regularizer: Regularizer


ONE_SIZE = Architecture(filter_sizes=[4], filter_counts=[3], hidden=[6])
SEVERAL_SIZES = Architecture(filter_sizes=[2, 4, 8, 16], filter_counts=[2, 3, 4, 5], hidden=[6])
DEEP = Architecture(filter_sizes=[8], filter_counts=[4], hidden=[7, 6, 5])
SEVERAL_SIZES_DEEP = Architecture(filter_sizes=[16, 2, 4], filter_counts=[5, 2, 3], hidden=[7, 5])
PLAIN = Regularizer(l2=0.0, label_smoothing=0.0)
L2 = Regularizer(l2=0.01, label_smoothing=0.0)
SMOOTHED = Regularizer(l2=0.0, label_smoothing=0.1)
DROPPED = Regularizer(l2=0.0, label_smoothing=0.0, dropout_responses=0.2, dropout_hidden=0.5)
ALL = Regularizer(l2=0.01, label_smoothing=0.1, dropout_responses=0.2, dropout_hidden=0.3)

CASES = [
    Case(title="one filter size", architecture=ONE_SIZE, regularizer=PLAIN),
    Case(title="with L2", architecture=ONE_SIZE, regularizer=L2),
    Case(title="with label smoothing", architecture=ONE_SIZE, regularizer=SMOOTHED),
    Case(title="with dropout", architecture=ONE_SIZE, regularizer=DROPPED),
    Case(title="filter sizes 2, 4, 8, 16", architecture=SEVERAL_SIZES, regularizer=PLAIN),
    Case(title="three hidden layers", architecture=DEEP, regularizer=PLAIN),
    Case(title="all of this together", architecture=SEVERAL_SIZES_DEEP, regularizer=ALL),
]
