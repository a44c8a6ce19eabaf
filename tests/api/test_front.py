"""The package's own names: few, found by whoever looks for them, and loaded only when used."""

import pydoc
import subprocess
import sys

import pytest

import patchify

SLOW = ["PIL", "filelock", "hydra", "matplotlib", "mlflow", "numpy", "omegaconf", "pandas", "scipy", "yaml"]
TRAINED = """
import patchify
data = patchify.textures(train=60, test=20, validation=10)
network, _ = patchify.train(data, schedule=patchify.option("schedule", "constant", updates=2), batch_size=10)
patchify.evaluate(network, data)
"""


def imported(code: str) -> list[str]:
    """Which of the slow libraries a fresh interpreter has imported after some code."""
    code = f"{code}\nimport sys; print(*[name for name in {SLOW} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_the_import_alone_loads_no_library() -> None:
    assert imported("import patchify; dir(patchify)") == []


def test_training_and_evaluating_load_neither_hydra_nor_mlflow_nor_matplotlib() -> None:
    assert imported(TRAINED) == ["PIL", "numpy", "pandas", "yaml"]


def test_all_names_are_listed_and_there() -> None:
    assert dir(patchify) == sorted(patchify.__all__)
    for name in patchify.__all__:
        assert getattr(patchify, name).__name__ == name
        assert getattr(patchify, name).__doc__


def test_help_begins_with_the_example_and_names_every_function() -> None:
    page = pydoc.plain(pydoc.render_doc(patchify))
    assert page.index(">>> network, history = patchify.train(") < page.index("class Architecture")
    for name in ("cifar10(root", "train(data", "evaluate(network", "results(study", "option(group"):
        assert f"\n    {name}" in page


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'patchify' has no attribute 'tran'"):
        patchify.tran  # type: ignore[attr-defined]  # noqa: B018
