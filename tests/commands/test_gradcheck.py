"""The command `patchify-gradcheck`: its verdicts, and the course's debugging file good and bad."""

import importlib.util
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from patchify.commands import gradcheck
from patchify.core.axes import Images
from patchify.core.checks import reference
from patchify.core.model.network import Network
from patchify.gradcheck.against_torch import installed_torch
from patchify.gradcheck.cases import CASES
from patchify.gradcheck.debug_file import SHAPES

F, NF, NH, N = 8, 2, 3, 4
PATCHES = (32 // F) ** 2


def debugging_arrays() -> dict[str, np.ndarray]:
    """What the course's file holds, for another network, computed here with plain NumPy."""
    rng = np.random.default_rng(0)
    columns, labels = rng.standard_normal((3072, N)), rng.integers(10, size=N)
    filters = rng.standard_normal((F, F, 3, NF)) / F
    W1, b1 = rng.standard_normal((NH, PATCHES * NF)) / 4, rng.standard_normal((NH, 1))  # noqa: N806  the file's names
    W2, b2 = rng.standard_normal((10, NH)), rng.standard_normal((10, 1))  # noqa: N806

    images = np.transpose(columns.reshape((32, 32, 3, N), order="F"), (1, 0, 2, 3))
    squares = images.reshape(32 // F, F, 32 // F, F, 3, N)  # row, y, column, x, channel, image
    MX = squares.transpose(0, 2, 1, 3, 4, 5).reshape(PATCHES, 3 * F * F, N)  # noqa: N806
    flat = filters.reshape(-1, NF)
    products = np.stack([MX[:, :, i] @ flat for i in range(N)], axis=2)
    h = np.maximum(products.reshape(-1, N), 0)
    X1 = np.maximum(W1 @ h + b1, 0)  # noqa: N806
    scores = W2 @ X1 + b2
    P = np.exp(scores) / np.exp(scores).sum(axis=0)  # noqa: N806
    Y = np.eye(10)[labels].T  # noqa: N806

    d_scores = (P - Y) / N
    d_hidden = (W2.T @ d_scores) * (X1 > 0)
    d_products = ((W1.T @ d_hidden) * (h > 0)).reshape(PATCHES, NF, N)
    return {
        "X": columns,
        "Y": Y,
        "y": labels,
        "Fs": filters,
        "Fs_flat": flat,
        "W1": W1,
        "W2": W2,
        "b1": b1,
        "b2": b2,
        "MX": MX,
        "conv_outputs": products.reshape(32 // F, 32 // F, NF, N),
        "conv_outputs_mat": products,
        "conv_outputs_flattened": products.reshape(-1, N),
        "conv_flat": h,
        "X1": X1[np.newaxis],  # with the stray axis that the course's file has
        "P": P,
        "grad_Fs_flat": np.tensordot(MX, d_products, axes=((0, 2), (0, 2))),
        "grad_W1": d_hidden @ h.T,
        "grad_W2": d_scores @ X1.T,
        "grad_b1": d_hidden.sum(axis=1, keepdims=True),
        "grad_b2": d_scores.sum(axis=1, keepdims=True),
        "fw": np.array(F),
        "nf": np.array(NF),
        "nh": np.array(NH),
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "debug_conv_info.npz"


def run(*arguments: str | Path) -> int | str | None:
    """The exit status."""
    with pytest.raises(SystemExit) as stop:
        gradcheck.main([str(argument) for argument in arguments])
    return stop.value.code


def output(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, wrapped lines joined."""
    return " ".join(capsys.readouterr().out.split())


def refusal(file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that says why a file is refused."""
    assert run(file) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("patchify-gradcheck: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_the_gradients_pass_and_every_line_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith("Passed: the largest relative error is ")
    assert lines[-1].endswith(", the limit is 1e-06.")
    for title in (case.title for case in CASES):
        assert any(title in line for line in lines), title


def test_tables_are_left_where_they_are_asked_for(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradcheck, "CASES", CASES[:2])
    np.savez(file, **debugging_arrays())  # type: ignore[arg-type]
    folder = tmp_path / "evidence"
    assert run("--out", folder) == run(file, "--out", folder) == 0
    errors = pd.read_csv(folder / "results.csv")
    assert errors["network"].unique().tolist() == [case.title for case in CASES[:2]]
    assert errors["parameter"].tolist() == 2 * ["filters_4", "W1", "W2", "filters_4_bias", "W1_bias", "W2_bias"]
    assert (errors[["random_directions", "single_entries"]] < 1e-7).all(axis=None)
    differences = pd.read_csv(folder / "debug_file.csv", index_col="array")
    assert (differences[["slow", "fast"]] < 1e-12).all(axis=None)
    assert {"MX", "conv_outputs_mat", "grad_W1"} <= set(differences.index)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert run("--out", tmp_path / "taken") == 2
    assert "patchify-gradcheck: [Errno 17] File exists" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", ["filters_4", "W2_bias"])
def test_a_wrong_gradient_fails(
    damaged: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backward = Network.backward

    def damaging(network: Network, images: Images) -> None:
        backward(network, images)
        network.gradients.named[damaged][...] *= 1 + 1e-4

    monkeypatch.setattr(Network, "backward", damaging)
    monkeypatch.setattr(gradcheck, "CASES", CASES[:1])
    assert run() == 1
    assert "FAILED: the largest relative error is 1.0e-04, the limit is 1e-06." in output(capsys)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_pytorch_finds_the_same_gradients(capsys: pytest.CaptureFixture[str]) -> None:
    torch = installed_torch()
    assert torch is not None
    for case in CASES:
        for name, (_, _, against_torch) in gradcheck.worst_errors(case, torch).items():
            assert against_torch < 1e-13, (case.title, name)  # float64 sums in another order


def test_without_pytorch_its_comparison_is_skipped_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # makes importing it fail
    assert run() == 0
    assert "Comparison with PyTorch skipped: torch is not installed (pip install 'patchify[torch]')" in output(capsys)


def test_a_right_debugging_file_passes_with_every_array_recomputed(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = debugging_arrays()
    assert set(arrays) == set(SHAPES)
    np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes allow_pickle for one of the arrays
    assert run(file) == 0
    printed = capsys.readouterr().out
    given = {"X", "Fs", "y", "W1", "b1", "W2", "b2"}
    rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if len(line.split()) == 3}
    assert set(rows) >= set(arrays) - given
    assert all(float(difference) < 1e-12 for key in set(arrays) - given for difference in rows[key])
    assert "Taken as given: X, Fs, y, W1, b1, W2, b2" in printed
    assert "Missing" not in printed
    assert "the limit is 1e-10." in printed


def test_the_file_of_this_test_is_what_the_reference_computes() -> None:
    arrays = debugging_arrays()
    images = reference.pictures(arrays["X"])
    assert np.array_equal(reference.unfold(images, F), arrays["MX"])
    np.testing.assert_allclose(reference.dot_products(images, arrays["Fs"]), arrays["conv_outputs"], atol=1e-12)
    np.testing.assert_allclose(arrays["P"].sum(axis=0), 1, atol=1e-12)


@pytest.mark.parametrize("key", SHAPES)
def test_a_damaged_value_in_any_array_fails(key: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = debugging_arrays()
    damaged = arrays[key].copy()
    telling = np.abs(arrays.get(f"grad_{key}", damaged)).argmax()  # a weight of a dead ReLU would change nothing
    damaged.flat[telling] -= 1 if damaged.dtype.kind == "i" else 1e-6
    np.savez(file, **{**arrays, key: damaged})  # type: ignore[arg-type]
    assert run(file) == 1
    assert "FAILED: the largest difference is" in output(capsys)


def test_a_value_that_is_not_a_number_fails(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = debugging_arrays()
    arrays["grad_b1"][0, 0] = np.nan
    np.savez(file, **arrays)  # type: ignore[arg-type]
    assert run(file) == 1
    assert "FAILED: the largest difference is nan" in output(capsys)


def test_missing_and_other_keys_are_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = debugging_arrays()
    for key in ("W2", "MX", "y"):
        del arrays[key]
    np.savez(file, **arrays, author=np.array("someone"), eta=np.array(0.1))  # type: ignore[arg-type]
    assert run(file) == 0
    printed = output(capsys)
    assert "Missing from the file: y, W2, MX" in printed
    assert "Taken as given: X, Fs, Y, W1, b1, b2" in printed
    unchecked = "P, grad_Fs_flat, grad_W1, grad_b1, grad_W2, grad_b2"
    assert f"Not checked, for what they are computed from is missing: {unchecked}" in printed
    assert "Other keys, not used: 'author', 'eta'" in printed


class Command:
    """Unpickling one creates a file."""

    def __init__(self, created: Path) -> None:
        self.created = created

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return open, (str(self.created), "w")  # type: ignore[return-value]  # open is called like a type


@pytest.mark.parametrize("key", ["P", "something else"])
def test_pickled_objects_are_refused_and_never_run(
    key: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    created = tmp_path / "created"
    objects = np.array([Command(created)], dtype=object)
    np.savez(file, **{**debugging_arrays(), key: objects})  # type: ignore[arg-type]
    assert "holds pickled objects, which could run any code when read, and is refused" in refusal(file, capsys)
    assert not created.exists()
    pickle.loads(pickle.dumps(objects))[0].close()
    assert created.exists()  # it would have run


def test_a_pickle_in_place_of_the_file_is_refused_and_never_run(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    created = tmp_path / "created"
    file.write_bytes(pickle.dumps(Command(created)))
    assert "is not a readable .npz file" in refusal(file, capsys)
    assert not created.exists()


@pytest.mark.parametrize(
    ("key", "array", "message"),
    [
        ("X", np.zeros((3071, N)), "X must have shape (3072, n): got (3071, 4)"),
        ("X", np.zeros(3072), "X must have shape (3072, n): got (3072,)"),
        ("X", np.zeros((3072, 0)), "X must not be empty: got shape (3072, 0)"),
        ("X", np.full((3072, N), np.nan), "X must hold finite numbers"),
        ("X", np.full((3072, N), "pixel"), "X must hold real numbers: got dtype <U5"),
        ("Fs", np.zeros((8, 4, 3, 2)), "Fs must have shape (f, f, 3, nf), f = 8: got (8, 4, 3, 2)"),
        ("Fs", np.zeros((5, 5, 3, 2)), "Fs must hold filters that tile a 32x32 image: got width 5, not 2, 4, 8 or 16"),
        ("W1", np.zeros((NH, 31)), "W1 must have shape (nh, n_p*nf), nh = 3, n_p*nf = 32: got (3, 31)"),
        ("W2", np.zeros((10, NH + 1)), "W2 must have shape (10, nh), nh = 3: got (10, 4)"),
        ("P", np.zeros((10, N + 1)), "P must have shape (10, n), n = 4: got (10, 5)"),
        ("y", np.array([0, 1, 2, 10]), "y must hold labels 0 to 9: got 10"),
        ("nf", np.array([2, 2]), "nf must have shape (): got (2,)"),
    ],
)
def test_an_array_that_does_not_fit_is_refused_in_one_line(
    key: str, array: np.ndarray, message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(file, **{**debugging_arrays(), key: array})  # type: ignore[arg-type]
    assert message in refusal(file, capsys)


def test_a_file_without_images_or_filters_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(file, weights=np.zeros(3))
    assert "must hold X and Fs, from which all else comes: it lacks X, Fs" in refusal(file, capsys)


def test_a_file_with_nothing_to_compare_with_does_not_pass(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = debugging_arrays()
    np.savez(file, **{key: arrays[key] for key in ("X", "Fs", "W1")})  # type: ignore[arg-type]
    assert "must hold arrays to compare with: got X, Fs, W1; choose a fuller one" in refusal(file, capsys)


def test_a_missing_file_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{file} is no file: check the path" in refusal(file, capsys)
    assert f"{file.parent} is no file: check the path" in refusal(file.parent, capsys)


@pytest.mark.parametrize("content", [b"X, Y, y\n", b"", b"\x93NUMPY\x01\x00"])
def test_a_file_of_another_kind_is_refused(content: bytes, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(content)
    assert f"{file} is not a readable .npz file: save one with np.savez" in refusal(file, capsys)


def test_a_damaged_file_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(file, **debugging_arrays())  # type: ignore[arg-type]
    damaged = bytearray(file.read_bytes())
    damaged[10_000] ^= 1  # a bit of an image
    file.write_bytes(damaged)
    assert "is damaged (Bad CRC-32 for file" in refusal(file, capsys)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", b"\x93NUMPY\x01\x00")
    assert "is damaged (" in refusal(file, capsys)
