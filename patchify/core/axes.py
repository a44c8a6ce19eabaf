"""The axes of every array, declared once.

N images, P patches per image, K = 3 f² numbers in a patch, F filters, D numbers of one image that enter a
dense layer, H hidden units, C classes, T parameters in all.
"""

import numpy as np
from jaxtyping import Float, Int

SIDE = 32
"""Rows and columns of an image."""
CHANNELS = 3
PIXELS = SIDE * SIDE * CHANNELS
"""Numbers in one image."""
CLASSES = 10

Images = Float[np.ndarray, "N 3072"]  # in Z-order, see images/zorder.py
Labels = Int[np.ndarray, "N"]
Patches = Float[np.ndarray, "N P K"]
Filters = Float[np.ndarray, "K F"]
Weights = Float[np.ndarray, "H D"]  # of a dense layer: a row for each output
Biases = Float[np.ndarray, "_"]
Columns = Float[np.ndarray, "_ N"]  # what enters or leaves a dense layer, one image a column
Scores = Float[np.ndarray, "C N"]  # logits, probabilities or targets, one image a column
Vector = Float[np.ndarray, "T"]
