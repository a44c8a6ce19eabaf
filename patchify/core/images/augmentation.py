"""Training images, changed at random each time that they are taken: flipped, shifted, partly hidden."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import DTypeLike

from patchify.core.axes import PIXELS, SIDE, Images
from patchify.core.images.moves import PLACES, Border, Mover, moves, pixels_by_rows
from patchify.core.rules import require


@dataclass(slots=True, kw_only=True)
class Augmentation:
    """What may happen to a training image, drawn anew for each image and epoch.

    flip: mirror it left to right, half of the time
    shift: by up to so many pixels down or up, and across, all shifts alike; border: what comes in there
    cutout: width in pixels of a square of zeros, centred anywhere in the image and cut at its edges (DeVries and Taylor
        2017, "Improved regularization of convolutional neural networks with cutout"); 0 for none
    """

    flip: bool = False
    shift: int = 0
    border: Border = Border.zero
    cutout: int = 0

    def __post_init__(self) -> None:
        require(0 <= self.shift < SIDE, "shift", f"must lie in 0..{SIDE - 1} pixels", self.shift, "choose about 4")
        require(0 <= self.cutout <= SIDE, "cutout", f"must lie in 0..{SIDE} pixels", self.cutout, "choose about 8")

    @property
    def moves_images(self) -> bool:
        """Whether images can change at all."""
        return self.flip or self.shift > 0 or self.cutout > 0


class Batch:
    """The images of one update after the other, always in the same array.

    images: (B, 3072) what was taken last
    """

    def __init__(self, augmentation: Augmentation, size: int, dtype: DTypeLike, stream: np.random.Generator) -> None:
        """stream: all that is random comes from it."""
        self.stream = stream
        self.mover = None
        if augmentation.moves_images:
            table = moves(augmentation.shift, flip=augmentation.flip, border=augmentation.border)
            self.mover = Mover(table, size, dtype)
        self.images: Images = self.mover.moved if self.mover else np.empty((size, PIXELS), dtype)
        self.squares = Squares(augmentation.cutout, size) if augmentation.cutout else None

    def take(self, images: Images, chosen: Int[np.ndarray, "B"]) -> None:
        """Fill the batch with the images at the positions `chosen`, each changed in its own way."""
        mover = self.mover
        # mode "raise" would buffer the batch
        images.take(chosen, axis=0, out=mover.source if mover else self.images, mode="clip")
        if mover:
            down, across = (self.stream.integers(len(ways), size=len(chosen)) for ways in mover.table)
            mover(down, across, hidden=self.squares.draw(self.stream) if self.squares else None)


class Squares:
    """Squares of pixels to hide, one an image."""

    def __init__(self, width: int, images: int) -> None:
        centres = np.arange(SIDE)[:, np.newaxis]
        first = centres - width // 2  # a square of even width reaches one pixel further up, and left, than down
        by_rows = pixels_by_rows()
        # (32, 1024) for each row, or column, of the centre, whether a pixel's own is in the square
        self.rows, self.columns = ((first <= line) & (line < first + width) for line in np.divmod(by_rows, SIDE))
        self.hidden = np.empty((images, PLACES), bool)
        self.in_columns = np.empty_like(self.hidden)

    def draw(self, stream: np.random.Generator) -> Bool[np.ndarray, "N 1024"]:
        """Where the square of each image lies, pixels in Z-order."""
        rows, columns = stream.integers(SIDE, size=(2, len(self.hidden)))
        self.rows.take(rows, axis=0, out=self.hidden, mode="clip")
        self.columns.take(columns, axis=0, out=self.in_columns, mode="clip")
        return np.logical_and(self.hidden, self.in_columns, out=self.hidden)
