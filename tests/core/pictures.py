"""Images moved row by row, the obvious way, for the tests of what is done in Z-order."""

import numpy as np
from jaxtyping import Float

from patchify.core.axes import CHANNELS, SIDE, Images
from patchify.core.images.moves import Border
from patchify.core.images.zorder import z_order

Picture = Float[np.ndarray, "32 32 3"]


def random_pictures(count: int, seed: int = 0) -> Float[np.ndarray, "N 32 32 3"]:
    return np.random.default_rng(seed).standard_normal((count, SIDE, SIDE, CHANNELS))


def in_z_order(pictures: Float[np.ndarray, "N 32 32 3"]) -> Images:
    return np.ascontiguousarray(pictures.reshape(len(pictures), -1)[:, z_order()])


def by_rows(images: Images) -> Float[np.ndarray, "N 32 32 3"]:
    return images[:, np.argsort(z_order())].reshape(-1, SIDE, SIDE, CHANNELS)


def moved(picture: Picture, *, down: int, across: int, flip: bool, border: Border) -> Picture:
    """The picture, mirrored if `flip`, then shifted by so many pixels."""
    if flip:
        picture = picture[:, ::-1]
    size = max(abs(down), abs(across))
    edges = ((size, size), (size, size), (0, 0))
    padded = np.pad(picture, edges, mode="reflect") if border is Border.reflect else np.pad(picture, edges)
    return padded[size - down :, size - across :][:SIDE, :SIDE]
