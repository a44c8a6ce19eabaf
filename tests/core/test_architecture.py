"""Shapes of the assignment's networks, and networks that cannot be."""

from typing import Any

import jaxtyping
import pytest

from patchify.core.model.architecture import Architecture


def test_the_shapes_of_architecture_2() -> None:
    architecture = Architecture(filter_sizes=[4], filter_counts=[10], hidden=[50])
    assert architecture.patches == [64]
    assert architecture.filter_shapes == [(48, 10)]
    assert architecture.dense_shapes == [(50, 640), (10, 50)]


def test_several_filter_sizes_are_concatenated_and_hidden_layers_follow_each_other() -> None:
    architecture = Architecture(filter_sizes=[2, 4, 8, 16], filter_counts=[3, 10, 40, 160], hidden=[50, 20])
    assert architecture.patches == [256, 64, 16, 4]
    assert architecture.filter_shapes == [(12, 3), (48, 10), (192, 40), (768, 160)]
    assert architecture.dense_shapes == [(50, 256 * 3 + 64 * 10 + 16 * 40 + 4 * 160), (20, 50), (10, 20)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filter_sizes": [5]}, "filter_sizes must tile a 32x32 image: got 5; choose among 1, 2, 4, 8, 16 and 32"),
        ({"filter_sizes": [0]}, "filter_sizes must tile a 32x32 image: got 0"),
        ({"filter_sizes": [-4]}, "filter_sizes must tile a 32x32 image: got -4"),
        ({"filter_sizes": [64]}, "filter_sizes must tile a 32x32 image: got 64"),
        ({"filter_sizes": []}, r"filter_sizes must not be empty: got \[\]; give a number, as \[4\]"),
        ({"filter_counts": []}, r"filter_counts must not be empty: got \[\]"),
        ({"hidden": []}, r"hidden must not be empty: got \[\]"),
        (
            {"filter_sizes": [4, 4], "filter_counts": [1, 2]},
            r"filter_sizes must name each size once: got \[4, 4\]; raise its count instead",
        ),
        (
            {"filter_counts": [10, 10]},
            r"filter_counts must hold one count for each of filter_sizes=\[4\]: got \[10, 10\]; "
            "make the two lists equally long",
        ),
        ({"filter_counts": [0]}, "filter_counts must be at least 1: got 0; choose 1 or more"),
        ({"hidden": [50, 0]}, "hidden must be at least 1: got 0; choose 1 or more"),
    ],
)
def test_an_impossible_architecture_is_refused(changes: dict[str, Any], message: str) -> None:
    settings: dict[str, Any] = {"filter_sizes": [4], "filter_counts": [10], "hidden": [50], **changes}
    with pytest.raises(ValueError, match=message):
        Architecture(**settings)


def test_a_number_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the tests' own check would come first
    with pytest.raises(ValueError, match=r"hidden must be a list: got 50; write \[4\] for one number"):
        Architecture(filter_sizes=[4], filter_counts=[10], hidden=50)  # type: ignore[arg-type]
