"""What was built, and what the numbers of the report are."""

from collections.abc import Mapping
from pathlib import Path

from patchify.report.blocks import Block, Formulas, Paragraph
from patchify.report.reading import study_tables
from patchify.study import ResultsError

EQUATIONS = [
    "H_i = max(0, X * F_i + beta_i) quad i = 1, ..., n_f",
    'h = ("vec"(H_1)^top, ..., "vec"(H_(n_f))^top)^top',
    "x_1 = max(0, W_1 h + b_1)",
    "s = W_2 x_1 + b_2",
    'p = "SoftMax"(s) = exp(s) / (bold(1)^top exp(s))',
]
"""The assignment's (1) to (5), with a bias for each filter."""


def network() -> list[Block]:
    """The network and its training, which hold for all sections."""
    return [
        Paragraph(
            text="The network splits an image into patches, applies the same filters to each of them (a convolution "
            "whose stride is the filters' width, without padding), and classifies the responses with one hidden layer:"
        ),
        Formulas(lines=EQUATIONS),
        Paragraph(
            text="It is written in NumPy. Convolution and filter gradient are matrix products with all patches of a "
            "batch; gradients are propagated by hand. Training minimises the mean cross-entropy of the labels, which "
            "may be smoothed, plus L2 times the sum of all squared weights, by mini-batch gradient descent; rates "
            "follow cycles unless a section says otherwise. Loss means the plain cross-entropy here, without L2 or "
            "smoothing."
        ),
    ]


def data(folders: Mapping[str, Path], notes: Mapping[str, str]) -> list[Block]:
    """Which data sets the results are of, and how numbers are written; notes: by a part of a data set's name."""
    shown = _shown(folders)
    texts = []
    if len(shown) == 1:
        texts.append(f"All accuracies and losses are of the data set {next(iter(shown))}.")
    elif shown:
        where = "; ".join(f"{about} in {', '.join(names)}" for about, names in shown.items())
        texts.append(f"Results are of several data sets, and numbers of one say nothing of another: {where}.")
    if any("unofficial copy" in about for about in shown):
        texts.append("An unofficial copy has other checksums than the files published; its digest tells which it is.")
    if any(about.startswith("textures") for about in shown):
        texts.append("The textures are drawn from a seed: accuracies on them say nothing about CIFAR-10.")
    texts += [note for name, note in notes.items() if any(name in about for about in shown)]
    texts.append(
        "Numbers are means over n runs, which differ in their seed, ± half of the 95 % interval (Student's t); single "
        "runs have none. Of a difference whose interval includes zero it is said that none was seen. Training loss and "
        "accuracy are of a fixed part of the training images; training time is without evaluation. The README.md in "
        "each study's folder of results names all settings, and code and libraries that were used."
    )
    return [Paragraph(text=" ".join(texts))]


def _shown(folders: Mapping[str, Path]) -> dict[str, list[str]]:
    """The data sets of the studies that can be shown, with the names of these."""
    found: dict[str, list[str]] = {}
    for name, folder in folders.items():
        try:
            tables = study_tables(folder)
        except ResultsError:  # its own section says why
            continue
        if tables is not None:
            found.setdefault(tables.about, []).append(name)
    return found
