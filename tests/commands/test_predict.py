"""The command `patchify-predict`, on pictures that a small finished sweep was tested on."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from patchify.commands.predict import main
from patchify.data.textures import Textures
from patchify.store.opening import Store, address_of, existing_store
from tests.conftest import Command, command
from tests.in_store import runs_of


@pytest.fixture
def predict(capsys: pytest.CaptureFixture[str], tiny_sweep: Path) -> Command:
    """The command with the tracking folder of the sweep, unless another is given."""
    run = command(main, "patchify-predict", capsys)
    return lambda *words: run(*words, *([] if "--uri" in words else ["--uri", str(tiny_sweep)]))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the test images of the sweep as picture files."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, image in enumerate(
        Textures(seed=0, train=300, test=100, validation=50, split_seed=0).read().test_images
    ):
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture
def run(tiny_sweep: Path) -> str:
    """Id of a run of the sweep."""
    return str(runs_of(tiny_sweep, "tiny")[3].info.run_id)


def test_pictures_of_test_images_get_the_probabilities_that_the_run_left(
    predict: Command, tiny_sweep: Path, pictures: Path, run: str
) -> None:
    outcome = predict(run, str(pictures), "--json")
    assert outcome.status == 0, outcome.err
    answers = json.loads(outcome.out)
    assert [answer["image"] for answer in answers] == [f"{pictures}/{number:03}.png" for number in range(100)]
    names = sorted(answers[0]["probabilities"])
    folder = tiny_sweep / "artifacts" / "tiny" / run / "artifacts"
    with np.load(folder / "test_probabilities.npz") as stored, np.load(folder / "model/parameters.npz") as network:
        expected = dict(zip(network["class_names"].tolist(), stored["probabilities"].T, strict=True))
    kept = np.array([expected[name] for name in names]).T
    found = np.array([[answer["probabilities"][name] for name in names] for answer in answers], np.float16)
    np.testing.assert_array_equal(found.argmax(axis=1), kept.argmax(axis=1))
    np.testing.assert_array_almost_equal_nulp(found, kept, nulp=1)  # sums in another order may round the other way
    assert next(iter(answers[0]["probabilities"])) == names[found[0].argmax()], "the most probable is first"


def test_a_person_reads_who_answers_and_three_classes_within_80_columns(
    predict: Command, tiny_sweep: Path, tmp_path: Path
) -> None:
    Image.new("L", (48, 64), color=9).save("tall.png")
    Image.new("L", (64, 64), color=9).save("square.png")
    Image.new("L", (32, 32), color=9).save("small.png")
    outcome = predict("best:tiny", "tall.png", "square.png", "small.png")
    assert (outcome.status, outcome.err) == (0, "")
    heading, *blocks = outcome.out.rstrip().split("\n\n")
    best = max(run.data.metrics.get("test/accuracy", 0) for run in runs_of(tiny_sweep, "tiny"))
    about = " ".join(heading.split())
    assert f"trained on textures: test accuracy {100 * best:.1f} %, the best of 4 finished runs of tiny" in about
    assert "It knows 10 classes and takes every picture for one of them: fine upright stripes," in about
    assert [block.splitlines()[0] for block in blocks] == [
        "tall.png: 48x64, cropped to the square in the middle, resized to 32x32",
        "square.png: 64x64, resized to 32x32",
        "small.png: 32x32",
    ]
    for block in blocks:
        classes = block.splitlines()[1:]
        assert len(classes) == 3
        assert all(line.endswith(" %") for line in classes)
        percents = [float(line[-7:-2]) for line in classes]
        assert percents == sorted(percents, reverse=True)
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_what_can_not_be_read_is_named_and_the_rest_is_answered(predict: Command, pictures: Path, run: str) -> None:
    Path("empty").mkdir()
    Path("broken.jpg").write_text("broken")
    outcome = predict(run, "broken.jpg", str(pictures / "000.png"), "gone.png", "empty")
    assert outcome.status == 1
    assert f"\n{pictures}/000.png: 32x32\n" in outcome.out
    for said in (
        "a folder must hold pictures, such as .jpg or .png: empty itself holds none; name another",
        "broken.jpg can't be read as a picture: ",
        "IMAGE must be a file or a folder: there is no gone.png; check its name",
    ):
        assert outcome.err.count(f"patchify-predict: {said}") == 1
    assert outcome.err.count("\n") == 3


def test_without_any_picture_no_store_is_opened(predict: Command) -> None:
    Path("empty").mkdir()
    outcome = predict("best:tiny", "empty", "--uri", "nowhere")
    assert (outcome.status, outcome.out) == (1, "")
    assert "nowhere" not in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["best:tin"], "the study tin is not in .*: did you mean best:tiny"),
        (["best:tiny", "--uri", "nowhere"], "nowhere is no store: "),
    ],
)
def test_a_run_or_store_that_is_not_there_is_one_line(
    predict: Command, pictures: Path, words: list[str], said: str
) -> None:
    outcome = predict(words[0], str(pictures), *words[1:])
    assert (outcome.status, outcome.out) == (1, "")
    assert re.fullmatch(f"patchify-predict: {said}.*\n", outcome.err)


@pytest.fixture
def store(made_store: Path) -> Store:
    return existing_store(address_of(None, str(made_store)))


def finished(store: Store) -> str:
    """Id of a run without files."""
    tags = {"run_key": "a" * 64, "data": "textures"}
    made = store.client.create_run(store.experiment("older"), run_name="arch1", tags=tags).info.run_id
    store.client.log_metric(made, "test/accuracy", 0.5)
    store.client.set_terminated(made)
    return str(made)


def test_runs_that_have_no_model_yet_are_read_as_well(
    predict: Command, store: Store, tiny_sweep: Path, pictures: Path, run: str
) -> None:
    older = finished(store)
    files = tiny_sweep / "artifacts" / "tiny" / run / "artifacts" / "model"
    store.client.log_artifact(older, str(files / "parameters.npz"))
    expected = predict(run, str(pictures), "--json").out.replace(run, older)
    assert predict("best:older", str(pictures), "--json", "--uri", "mlruns").out == expected


def test_parameters_that_are_gone_or_damaged_are_an_error_that_says_so(
    predict: Command, store: Store, pictures: Path
) -> None:
    run = finished(store)
    outcome = predict(run, str(pictures), "--uri", "mlruns")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"patchify-predict: parameters.npz of the run {run} can't be read: ")
    Path("parameters.npz").write_text("damaged")
    store.client.log_artifact(run, "parameters.npz")
    outcome = predict(run, str(pictures), "--uri", "mlruns")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith(f"patchify-predict: parameters.npz of the run {run} is damaged (")
