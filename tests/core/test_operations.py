"""Operations of the matrix products, counted by hand."""

import numpy as np

from patchify.core.model import operations
from patchify.core.model.architecture import Architecture
from patchify.core.model.parameters import Parameters

BASELINE = Architecture(filter_sizes=[4], filter_counts=[10], hidden=[50])
MIXED = Architecture(filter_sizes=[2, 16], filter_counts=[3, 160], hidden=[50, 20])


def test_the_operations_of_the_baseline_as_worked_by_hand() -> None:
    # an image: 64 patches of 48 numbers times 10 filters; 640 responses times 50; 50 times 10
    convolution, dense = 30_720, 32_000 + 500
    assert operations.of_evaluation(BASELINE, 1) == 2 * (convolution + dense) == 126_440
    assert operations.of_update(BASELINE, 100) == 100 * (4 * convolution + 6 * dense) == 31_788_000


def test_the_operations_of_several_filter_sizes_and_hidden_layers_add_up() -> None:
    convolutions = 256 * 12 * 3 + 4 * 768 * 160
    dense = (256 * 3 + 4 * 160) * 50 + 50 * 20 + 20 * 10
    assert operations.of_evaluation(MIXED, 7) == 7 * 2 * (convolutions + dense)
    assert operations.of_update(MIXED, 7) == 7 * 2 * (2 * convolutions + 3 * dense)


def test_as_many_parameters_are_counted_as_there_are() -> None:
    for architecture in (BASELINE, MIXED):
        assert architecture.parameter_count == Parameters(architecture, np.float32).flat.size
