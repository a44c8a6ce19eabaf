"""Networks trained, evaluated and used from Python."""

from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import patchify
from patchify.core.model.classifier import Classifier
from patchify.data.textures import Textures
from tests.in_store import runs_of


def textures(**changes: int) -> Textures:
    return patchify.textures(**{"train": 300, "test": 100, "validation": 50, **changes})


def trained(**changes: Any) -> tuple[Classifier, pd.DataFrame]:
    """As the runs of `tiny_sweep`, but for what is given."""
    schedule = patchify.option("schedule", "cyclic", step_size=4)
    return patchify.train(textures(), **{"schedule": schedule, "batch_size": 50, **changes})


@pytest.fixture(scope="module")
def network() -> Classifier:
    return trained()[0]


def test_a_network_has_the_bits_and_the_history_of_the_command_s(tiny_sweep: Path) -> None:
    for stored in runs_of(tiny_sweep, "tiny"):
        if "run_key" in stored.data.tags:
            label, seed = stored.data.tags["label"], int(stored.data.params["seed"])
            network, history = trained(architecture=label.split()[0], seed=seed)
            assert network.parameters.digest() == stored.data.tags["parameters_sha256"]
            found = patchify.histories("tiny", uri=str(tiny_sweep)).query("run_id == @stored.info.run_id")
            scores = [column for column in found if str(column).endswith(("loss", "cost", "accuracy"))]
            assert len(scores) == 9
            np.testing.assert_allclose(history[scores], found[scores], rtol=1e-5)  # which a study has to six digits
            assert history["step"].tolist() == found["step"].tolist()


def test_each_setting_is_taken() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"architecture": patchify.Architecture(filter_sizes=[8], filter_counts=[3], hidden=[5])},
        {"schedule": patchify.option("schedule", "constant", updates=24)},
        {"regularizer": patchify.Regularizer(l2=0.1, label_smoothing=0.0)},
        {"optimizer": "nesterov"},
        {"augmentation": patchify.Augmentation(flip=True)},
        {"preconditioning": "whiten_center"},
        {"evaluation": "ema"},
        {"seed": 1},
        {"batch_size": 25},
        {"dtype": "float64"},
    ]
    digests = [trained(**change)[0].parameters.digest() for change in changes]
    assert len(set(digests)) == len(changes)
    assert trained(record_every=5)[1]["step"].tolist() == [0, 5, 10, 15, 20, 24]


def test_an_evaluation_is_the_last_of_the_history() -> None:
    network, history = trained(seed=3)
    scores = patchify.evaluate(network, textures())
    assert scores.index.tolist() == ["train", "validation", "test"]
    for images, row in scores.iterrows():
        for score, value in row.items():
            assert value == pytest.approx(history[f"{images}/{score}"].iloc[-1], rel=1e-5)  # BLAS may have more threads


@pytest.mark.parametrize("changes", [{"split_seed": 1}, {"validation": 60}, {"seed": 5}])
def test_data_of_another_split_are_not_evaluated(network: Classifier, changes: dict[str, int]) -> None:
    with pytest.raises(
        ValueError, match=r"data must be split as those that the network was trained on: got Textures\("
    ):
        patchify.evaluate(network, textures(**changes))


def test_pixels_and_the_same_pictures_as_files_have_the_same_probabilities(network: Classifier, tmp_path: Path) -> None:
    pixels = textures().read().test_images[:4]
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    answers = patchify.predict(network, pixels)
    assert answers.columns.tolist() == network.class_names
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    of_files = patchify.predict(network, [tmp_path / "3.png", tmp_path])
    assert of_files.index.tolist() == [str(tmp_path / f"{number}.png") for number in (3, 0, 1, 2, 3)]
    np.testing.assert_allclose(of_files, answers.iloc[[3, 0, 1, 2, 3]], rtol=1e-4)  # sums in another order
    assert patchify.predict(network, str(tmp_path / "1.png")).shape == (1, 10)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((2, 3, 32, 32), np.uint8), np.zeros((32, 32, 3), np.uint8), np.zeros((2, 32, 32, 3))],
    ids=["channels first", "one image", "scaled"],
)
def test_other_arrays_are_refused(network: Classifier, pixels: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the tests' own check would come first
    with pytest.raises(ValueError, match=r"pixels must be N x 32 x 32 x 3 whole numbers .* got (uint8|float64) of sha"):
        patchify.predict(network, pixels)


def test_filters_are_small_images_by_row_and_column() -> None:
    network, _ = trained(architecture="two_sizes")
    sizes = network.parameters.architecture.filter_sizes
    assert [filters.shape[1:] for filters in network.filters] == [(size, size, 3) for size in sizes]
    first = network.filters[0][0, 0, 1]  # of row 0 the second pixel, which comes second in Z-order as well
    np.testing.assert_array_equal(first, network.parameters.filters[0][3:6, 0])


def test_a_network_in_a_file_is_the_same_again(network: Classifier, tmp_path: Path) -> None:
    network.write(tmp_path / "network.npz")
    found = patchify.load(tmp_path / "network.npz")
    assert found.parameters.digest() == network.parameters.digest()
    pd.testing.assert_frame_equal(patchify.evaluate(found, textures()), patchify.evaluate(network, textures()))
