"""The moving average of the parameters, against its definition written out."""

import numpy as np

from patchify.core.averaging import follow


def test_one_step_worked_by_hand() -> None:
    average, parameters = np.array([1.0, -2.0]), np.array([3.0, 0.0])
    follow(average, parameters, np.empty(2), 0.75)
    np.testing.assert_allclose(average, [1.5, -1.5], atol=1e-15)
    assert parameters.tolist() == [3, 0]
