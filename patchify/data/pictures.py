"""Picture files of any kind and size as images that a network takes: the square in the middle, 32 pixels wide."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from patchify.core.axes import SIDE
from patchify.data.source import DataError


@dataclass(slots=True, kw_only=True, frozen=True)
class Picture:
    """An image and the file that it is of.

    width, height: of the file's picture; pixels: (32, 32, 3) by row, column and RGB
    """

    path: Path
    width: int
    height: int
    pixels: UInt8[np.ndarray, "32 32 3"]


def picture_files(path: Path) -> list[Path]:
    """The file itself, or the pictures that lie in a folder, by name. Raises DataError where there are none."""
    if not path.exists():
        raise DataError(f"IMAGE must be a file or a folder: there is no {path}; check its name")
    if not path.is_dir():
        return [path]
    readable = {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in readable and file.is_file())
    if not found:
        raise DataError(f"a folder must hold pictures, such as .jpg or .png: {path} itself holds none; name another")
    return found


def read_picture(path: Path) -> Picture:
    """The picture in a file, turned as its EXIF data say, on white where it is transparent. Raises DataError."""
    try:
        with Image.open(path) as opened:
            upright = ImageOps.exif_transpose(opened)
            pixels = np.asarray(ImageOps.fit(_in_colour(upright), (SIDE, SIDE)))
    except Exception as error:  # a damaged file can raise nearly anything: SyntaxError, EOFError, struct.error, ...
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{path} can't be read as a picture: {reason}; save it as JPEG or PNG") from error
    return Picture(path=path, width=upright.width, height=upright.height, pixels=pixels)


def _in_colour(image: Image.Image) -> Image.Image:
    """The same picture with eight bits of red, green and blue."""
    if image.mode == "F":
        raise ValueError("its brightness has no known range")
    if image.mode.startswith("I"):  # 16 bits, all of which above 255 `convert` would take for white
        image = Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("RGB")
