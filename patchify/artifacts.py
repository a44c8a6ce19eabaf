"""The files of a finished run: what it was made from, what it learned, and pictures of both."""

from pathlib import Path
from typing import Any

import numpy as np

from patchify import charts
from patchify.config.schema import Run
from patchify.core.images.zorder import row_major_filters
from patchify.core.model.evaluation import probabilities
from patchify.core.model.parameters import Parameters
from patchify.core.training.records import Record
from patchify.core.training.schedules import Schedule
from patchify.data.dataset import Dataset

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
) -> None:
    """Write into `folder`: config.yaml, parameters.npz, IMAGES_probabilities.npz, curves, filters and confusion matrix.

    parameters.npz: every array of the network by name, over Z-ordered images; `mean` and `std` (3072,) to
        normalise an image, in Z-order too; `class_names`; and the architecture's three lists. No pickled objects.
    IMAGES_probabilities.npz: `probabilities` (N, 10) float16 in the order of the set of images, and `labels` (N,);
        IMAGES: test, or validation for a run that leaves the test images alone
    """
    (folder / "config.yaml").write_text(config)
    np.savez(folder / "parameters.npz", **_network(parameters, dataset))
    images, examples = list(dataset.evaluated(test=run.evaluation.test).items())[-1]
    predicted = probabilities(parameters, examples.images).T  # an image a row
    labels = examples.labels
    np.savez_compressed(
        folder / f"{images}_probabilities.npz",
        probabilities=predicted.astype(np.float16),
        labels=labels.astype(np.uint8),
    )
    about = f"{name}, {dataset.name}{'' if dataset.official else ' (unofficial copy)'}"
    classes = len(dataset.class_names)
    counts = np.bincount(labels * classes + predicted.argmax(axis=1), minlength=classes**2).reshape(classes, classes)
    by_class = f"{about}: {images} images by class"
    pictures = {
        "curves": _curves(records, run.schedule, about),
        "filters": charts.filter_grid(
            [row_major_filters(*pair) for pair in zip(parameters.filters, run.architecture.filter_sizes, strict=True)],
            title=f"{about}: learned filters",
        ),
        "confusion_matrix": charts.confusion_matrix(counts, dataset.class_names, title=by_class),
    }
    for stem, figure in pictures.items():
        charts.save(figure, folder / stem, suffixes=(".png",), dpi=SCREEN)


def _network(parameters: Parameters, dataset: Dataset) -> dict[str, Any]:
    """All that classifying a new image takes, by name."""
    architecture = parameters.architecture
    return {
        **parameters.named,
        "mean": dataset.mean,
        "std": dataset.std,
        "class_names": np.array(dataset.class_names),
        "filter_sizes": np.array(architecture.filter_sizes),
        "filter_counts": np.array(architecture.filter_counts),
        "hidden": np.array(architecture.hidden),
    }


def _curves(records: list[Record], schedule: Schedule, title: str) -> charts.Figure:
    sets = list(records[0].evaluations)
    return charts.training_curves(
        steps=[record.step for record in records],
        losses={key: [record.evaluations[key].loss for record in records] for key in sets},
        accuracies={key: [record.evaluations[key].accuracy for record in records] for key in sets},
        schedule=schedule,
        title=title,
    )
