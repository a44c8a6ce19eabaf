"""A network as an MLflow model: a folder that `mlflow models serve` makes a server of."""

import json
import platform
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from patchify.core.axes import CHANNELS, SIDE
from patchify.core.model.classifier import Classifier
from patchify.stored.files import MODEL, PARAMETERS

CODE = Path(__file__).with_name("served.py")
SHOWN = "mlflow.log-model.history"
"""The tag that says which models a run has. MLflow's pages show them by it."""


def write_model(folder: Path, classifier: Classifier) -> dict[str, str]:
    """Write the model into a new folder; returns the run's tags that say so."""
    folder.mkdir()
    classifier.write(folder / PARAMETERS)
    shutil.copyfile(CODE, folder / CODE.name)
    (folder / "requirements.txt").write_text(f"mlflow=={version('mlflow')}\nnumpy=={version('numpy')}\n")
    (folder / "python_env.yaml").write_text(
        f"python: {platform.python_version()}\ndependencies:\n- -r requirements.txt\n"
    )
    signature = ModelSignature(
        inputs=Schema([TensorSpec(np.dtype(np.uint8), (-1, SIDE, SIDE, CHANNELS))]),
        outputs=Schema([ColSpec("double", name) for name in classifier.class_names]),
    )
    # measured: mlflow.pyfunc.save_model, which loads the model, takes 0.7 s in every process that trains; this 0.003 s
    flavor = {
        "loader_module": "mlflow.pyfunc.loaders.code_model",
        "model_code_path": CODE.name,
        "python_version": platform.python_version(),
        "env": {"virtualenv": "python_env.yaml"},
    }
    model = Model(artifact_path=MODEL, flavors={"python_function": flavor}, signature=signature)
    model.save(folder / "MLmodel")
    return {SHOWN: json.dumps([model.get_tags_dict()])}
