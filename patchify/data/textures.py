"""The embedded data set: ten kinds of texture made from a seed, for where CIFAR-10 is not at hand.

`_paint` is one formula for all images; a row of the table `TEXTURES` is what sets a class apart. Nothing in it but
arithmetic that IEEE 754 fixes to the last bit (no sine, no Gaussian): a seed gives the same pixels on every machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int

from patchify.core.axes import CHANNELS, CLASSES, SIDE
from patchify.core.rules import at_least
from patchify.data.source import DataSource, Pixels, RawData

CHUNK = 100
"""Images painted at once, so that little memory is used. It decides the order of the draws, and so the pixels."""

Plane = Float32[np.ndarray, "N 32 32"]


@dataclass(slots=True, kw_only=True, frozen=True)
class Texture:
    """What sets a class apart; everything else is drawn anew for each image.

    axis: (rows, columns), the direction of the pattern's first axis, on average
    wavelength: pixels, on average
    tint: what the pattern adds to (red, green, blue), on average, before contrast scales it
    shape: the pattern, from the waves u and v along its two axes and r along the radius; cut off at -1 and 1
    """

    name: str
    axis: tuple[int, int]
    wavelength: float
    tint: tuple[float, float, float]
    shape: Callable[[Plane, Plane, Plane], Plane]


GREY, RED_GREEN, BLUE_YELLOW = (1, 1, 1), (1, -1, 0), (0.6, 0.6, -1)
TEXTURES = [
    Texture(name="fine upright stripes", axis=(0, 1), wavelength=4.5, tint=GREY, shape=lambda u, _v, _r: u),
    Texture(name="broad upright stripes", axis=(0, 1), wavelength=9, tint=GREY, shape=lambda u, _v, _r: u),
    Texture(name="level stripes", axis=(1, 0), wavelength=7, tint=GREY, shape=lambda u, _v, _r: u),
    Texture(name="rising stripes", axis=(1, 1), wavelength=6, tint=GREY, shape=lambda u, _v, _r: u),
    Texture(name="falling stripes", axis=(1, -1), wavelength=6, tint=GREY, shape=lambda u, _v, _r: u),
    Texture(name="checkerboard", axis=(0, 1), wavelength=9, tint=RED_GREEN, shape=lambda u, v, _r: 1.5 * u * v),
    Texture(name="dots", axis=(0, 1), wavelength=9, tint=RED_GREEN, shape=lambda u, v, _r: u + v - 0.5),
    Texture(name="net", axis=(0, 1), wavelength=9, tint=BLUE_YELLOW, shape=lambda u, v, _r: np.maximum(u, v) - 0.4),
    Texture(name="rings", axis=(0, 1), wavelength=9, tint=BLUE_YELLOW, shape=lambda _u, _v, r: r),
    Texture(name="cross", axis=(0, 1), wavelength=40, tint=GREY, shape=lambda u, v, _r: 4 * np.maximum(u, v) - 3),
]


@dataclass(slots=True, kw_only=True)
class Textures(DataSource):
    """Textures of ten kinds, equally many of each, in random order.

    seed: decides every pixel; train, test: images of each split (the test images do not depend on `train`)
    """

    seed: int
    train: int
    test: int

    def __post_init__(self) -> None:
        at_least(0, "seed", self.seed)
        at_least(1, "train", self.train)
        at_least(1, "test", self.test)
        DataSource.__post_init__(self)  # not super(): a class with slots is made anew, and super() looks for the first

    @property
    def stored_training_images(self) -> int:
        """As many as are asked for."""
        return self.train

    @property
    def files(self) -> list[Path]:
        """None: the images are made, not stored."""
        return []

    def fetch(self) -> None:
        """Nothing."""

    def read(self) -> RawData:
        """Paint all images; official, since they are by definition what their seed gives."""
        splits = np.random.SeedSequence(self.seed).spawn(2)  # a stream each
        train_images, train_labels = _gallery(self.train, np.random.default_rng(splits[0]))
        test_images, test_labels = _gallery(self.test, np.random.default_rng(splits[1]))
        return RawData(
            name="textures",
            official=True,
            class_names=[texture.name for texture in TEXTURES],
            train_images=train_images,
            train_labels=train_labels,
            test_images=test_images,
            test_labels=test_labels,
        )


def _gallery(count: int, rng: np.random.Generator) -> tuple[Pixels, Int[np.ndarray, "N"]]:
    """`count` images of all classes in turn, shuffled, with their labels."""
    labels = rng.permutation(np.arange(count) % CLASSES)
    images = np.empty((count, SIDE, SIDE, CHANNELS), np.uint8)
    for label, texture in enumerate(TEXTURES):
        positions = np.flatnonzero(labels == label)
        for start in range(0, len(positions), CHUNK):
            chosen = positions[start : start + CHUNK]
            images[chosen] = _paint(texture, len(chosen), rng)
    return images, labels


def _paint(texture: Texture, count: int, rng: np.random.Generator) -> Pixels:
    """`count` images of one class: a turned, scaled and shifted pattern, seen through a round window, in noise."""

    def draw(low: float, high: float, *shape: int) -> Float32[np.ndarray, "N ..."]:
        drawn = rng.random((count, *shape), dtype=np.float32)
        drawn *= high - low
        drawn += low
        return drawn

    def place() -> tuple[Float32[np.ndarray, "N 32 1"], Float32[np.ndarray, "N 1 32"]]:
        """Rows and columns, in pixels, counted from a random point near the middle."""
        grid = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
        return grid[:, None] - draw(-8, 8, 1, 1), grid - draw(-8, 8, 1, 1)

    # a tilt of up to 22 degrees either way: stripes of neighbouring classes, 45 degrees apart, almost meet
    tilt, (rise, run) = draw(-0.4, 0.4, 1, 1), texture.axis
    down, across = rise - tilt * run, run + tilt * rise
    scale = np.sqrt(down * down + across * across) * (texture.wavelength * draw(0.65, 1.35, 1, 1))
    down, across = down / scale, across / scale

    rows, columns = place()
    u, v = down * rows + across * columns, down * columns - across * rows  # in wavelengths
    pattern = texture.shape(_wave(u), _wave(v), _wave(np.sqrt(u * u + v * v)))
    pattern = np.clip(draw(1, 3, 1, 1) * pattern, -1, 1)  # from blurred to sharp

    rows, columns = place()  # of the window; measured: without it, widths 4, 8 and 16 reach 94, 97 and 98 %
    pattern *= np.clip((draw(6, 16, 1, 1) - np.sqrt(rows * rows + columns * columns)) / 4, 0, 1)

    # channels come first until the end, and all is added in place: with a last axis of 3 it takes twice as long
    tint = np.array(texture.tint, np.float32).reshape(CHANNELS, 1, 1) + draw(-0.7, 0.7, CHANNELS, 1, 1)
    colours = draw(-1, 1, CHANNELS, SIDE, SIDE)
    colours *= draw(20, 80, 1, 1, 1)  # noise
    colours += draw(78, 178, CHANNELS, 1, 1)  # ground
    colours += draw(15, 60, 1, 1, 1) * tint * pattern[:, None]  # contrast
    pixels: Pixels = np.clip(colours, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    return pixels


def _wave(wavelengths: Plane) -> Plane:
    """A triangle wave, 1 at 0 and -1 at 1/2: a cosine would differ in its last bit from machine to machine."""
    wave: Plane = 1 - 4 * np.abs(wavelengths - np.rint(wavelengths))
    return wave
