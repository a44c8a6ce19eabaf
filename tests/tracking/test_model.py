"""A run's MLflow model answers as the run's network does, in this process and by the real server."""

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import mlflow
import numpy as np
import pytest

from patchify.core.model.architecture import Architecture
from patchify.core.model.classifier import Classifier, read_classifier
from patchify.core.model.parameters import he_initialised
from patchify.tracking.model import CODE, SHOWN, write_model
from tests.in_store import local, runs_of

LONG = 120.0
"""Seconds after which a server counts as stuck; it takes 10 to start, on a busy machine 40."""
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


def assert_same(answers: Any, classifier: Classifier) -> None:
    """The answers are the classifier's probabilities, by name; float32 sums in another order differ by less."""
    assert [list(answer) for answer in answers] == [classifier.class_names] * len(PIXELS)
    np.testing.assert_allclose([list(answer.values()) for answer in answers], classifier(PIXELS), atol=1e-5)


@pytest.mark.parametrize(
    ("sizes", "counts", "hidden"), [([4], [5], [7]), ([2, 8, 16], [3, 4, 5], [7, 6])], ids=["small", "several of each"]
)
def test_the_code_that_is_served_computes_what_the_network_does(
    tmp_path: Path, sizes: list[int], counts: list[int], hidden: list[int]
) -> None:
    rng = np.random.default_rng(1)
    architecture = Architecture(filter_sizes=sizes, filter_counts=counts, hidden=hidden)
    parameters = he_initialised(architecture, rng, np.float32)
    parameters.flat[:] += rng.normal(scale=0.05, size=parameters.flat.size)  # biases, too
    statistics = rng.uniform(50, 100, (2, 3072)).astype(np.float32)
    names = [f"class {number}" for number in range(10)]
    classifier = Classifier(parameters=parameters, mean=statistics[0], std=statistics[1], class_names=names)
    write_model(tmp_path / "model", classifier)
    assert_same(mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(PIXELS), classifier)


def test_the_code_that_is_served_needs_neither_patchify_nor_a_pickle(tiny_sweep: Path) -> None:
    run = runs_of(tiny_sweep, "tiny")[1]
    folder = tiny_sweep / "artifacts" / "tiny" / run.info.run_id / "artifacts" / "model"
    files = {"MLmodel", "parameters.npz", "python_env.yaml", "requirements.txt", "served.py"}
    assert {path.name for path in folder.iterdir()} == files
    assert (folder / "served.py").read_bytes() == CODE.read_bytes()
    nodes = ast.walk(ast.parse(CODE.read_text()))
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported == {"functools", "pathlib", "mlflow.exceptions", "mlflow.models"}
    assert re.findall(r"^[a-z]+", (folder / "requirements.txt").read_text(), re.MULTILINE) == ["mlflow", "numpy"]
    np.load(folder / "parameters.npz", allow_pickle=False)


def test_a_run_says_that_it_has_a_model(tiny_sweep: Path) -> None:
    for run in runs_of(tiny_sweep, "tiny")[1:]:
        (shown,) = json.loads(run.data.tags[SHOWN])
        assert (shown["artifact_path"], list(shown["flavors"])) == ("model", ["python_function"])


Ask = Callable[[Any], tuple[int, Any]]


@pytest.fixture(scope="module")
def served(tiny_sweep: Path) -> Iterator[tuple[Ask, Classifier]]:
    """What `mlflow models serve` answers to images, and the classifier of the run that it serves."""
    run = runs_of(tiny_sweep, "tiny")[3].info.run_id
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = ["models", "serve", "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where it looks for uvicorn
    environment = {**os.environ, "MLFLOW_TRACKING_URI": local(tiny_sweep), "PATH": programs}
    command = [sys.executable, "-m", "mlflow", *serve, "--model-uri", f"runs:/{run}/model"]

    def ask(images: Any) -> tuple[int, Any]:
        body = json.dumps({"inputs": images}).encode()
        request = Request(f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=LONG) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refused:
            return refused.code, json.load(refused)

    with subprocess.Popen(command, env=environment, cwd=tiny_sweep, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + LONG
            while not answers(f"http://127.0.0.1:{port}/ping"):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            folder = tiny_sweep / "artifacts" / "tiny" / run / "artifacts" / "model"
            yield ask, read_classifier(folder / "parameters.npz")
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def answers(url: str) -> bool:
    """Whether a server answers."""
    try:
        with urlopen(url, timeout=LONG):
            return True
    except URLError:
        return False


def test_a_served_run_classifies_a_batch_of_images(served: tuple[Ask, Classifier]) -> None:
    ask, classifier = served
    status, answer = ask(PIXELS.tolist())
    assert status == 200
    assert_same(answer["predictions"], classifier)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (PIXELS.reshape(3, 3072), r"Shape of input \(3, 3072\) does not match expected shape \(-1, 32, 32, 3\)"),
        (PIXELS[0], r"Shape of input \(32, 32, 3\) does not match expected shape \(-1, 32, 32, 3\)"),
        (PIXELS[:, :28, :28], r"Shape of input \(3, 28, 28, 3\) does not match expected shape"),
        (PIXELS.astype(int) + 1, "256 out of bounds for uint8"),
        (PIXELS / 255, "pixels must be whole numbers of 0 to 255: none is above 1; send them as they were"),
    ],
    ids=["in one row", "one image", "smaller", "too bright", "scaled"],
)
def test_a_served_run_refuses_what_is_no_batch_of_images(
    served: tuple[Ask, Classifier], images: np.ndarray, said: str
) -> None:
    ask, _ = served
    status, answer = ask(images.tolist())
    assert status == 400
    assert re.search(said, answer["message"])
