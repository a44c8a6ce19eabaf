"""What the tests of charts share."""

import pytest
from matplotlib.figure import Figure

from tests.charts.figures import built


@pytest.fixture
def bars() -> Figure:
    return built("bars")
