"""The files of a finished run: what it was made from, what it learned, and pictures of both."""

from pathlib import Path

import numpy as np

from patchify import charts
from patchify.config.schema import Run
from patchify.core.model.classifier import Classifier
from patchify.core.model.evaluation import probabilities
from patchify.core.model.parameters import Parameters
from patchify.core.training.records import Record
from patchify.core.training.schedules import Schedule
from patchify.data.dataset import Dataset
from patchify.stored.files import MODEL
from patchify.tracking.model import write_model

SCREEN = 100
"""Pixels an inch of a run's pictures, which are looked at in the tracking UI: 800 across, in a fifth less time."""


def write_artifacts(
    folder: Path,
    name: str,
    *,
    run: Run,
    config: str,
    parameters: Parameters,
    dataset: Dataset,
    records: list[Record],
) -> dict[str, str]:
    """Write into `folder`: config.yaml, model/, IMAGES_probabilities.npz, curves, filters and confusion matrix.

    Returns the run's tags that say of them.

    model/: an MLflow model; its parameters.npz is what `read_classifier` reads
    IMAGES_probabilities.npz: `probabilities` (N, 10) float16 in the order of the set of images, `predicted` classes and
        `labels` (N,); IMAGES: test, or validation for a run that leaves the test images alone
    """
    (folder / "config.yaml").write_text(config)
    classifier = Classifier(parameters=parameters, mean=dataset.mean, std=dataset.std, class_names=dataset.class_names)
    tags = write_model(folder / MODEL, classifier)
    images, examples = list(dataset.evaluated(test=run.evaluation.test).items())[-1]
    predicted = probabilities(parameters, examples.images).T  # an image a row
    labels, chosen = examples.labels, predicted.argmax(axis=1)
    np.savez_compressed(
        folder / f"{images}_probabilities.npz",
        probabilities=predicted.astype(np.float16),
        predicted=chosen.astype(np.uint8),
        labels=labels.astype(np.uint8),
    )
    about = f"{name}, {dataset.about}"
    classes = len(dataset.class_names)
    counts = np.bincount(labels * classes + chosen, minlength=classes**2).reshape(classes, classes)
    by_class = f"{about}: {images} images by class"
    pictures = {
        "curves": _curves(records, run.schedule, about),
        "filters": charts.filter_grid(classifier.filters, title=f"{about}: learned filters"),
        "confusion_matrix": charts.confusion_matrix(counts, dataset.class_names, title=by_class),
    }
    for stem, figure in pictures.items():
        charts.save(figure, folder / stem, suffixes=(".png",), dpi=SCREEN)
    return tags


def _curves(records: list[Record], schedule: Schedule, title: str) -> charts.Figure:
    sets = list(records[0].evaluations)
    return charts.training_curves(
        steps=[record.step for record in records],
        losses={key: [record.evaluations[key].loss for record in records] for key in sets},
        accuracies={key: [record.evaluations[key].accuracy for record in records] for key in sets},
        schedule=schedule,
        title=title,
    )
