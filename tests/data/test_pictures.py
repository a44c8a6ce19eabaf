"""Picture files become what a person sees in them, 32 pixels wide."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from patchify.data.pictures import picture_files, read_picture
from patchify.data.source import DataError

SHADES = np.add.outer(np.arange(32), 5 * np.arange(32)).astype(np.uint8)
"""Different to all four sides."""
COLOURS = np.stack([SHADES, 255 - SHADES, SHADES // 2], axis=2)


def seen(path: Path, image: Image.Image, **options: Any) -> np.ndarray:
    """The pixels of an image that was saved to a file."""
    image.save(path, **options)
    return read_picture(path).pixels


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp"])
def test_an_image_of_the_networks_size_stays_as_it_is(tmp_path: Path, suffix: str) -> None:
    pixels = seen(tmp_path / f"image.{suffix}", Image.fromarray(COLOURS), lossless=True)
    np.testing.assert_array_equal(pixels, COLOURS)


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(SHADES),
        Image.fromarray(SHADES.astype(np.uint16) * 256),
        Image.fromarray(SHADES.astype(np.int32) * 256),
        Image.fromarray(SHADES).convert("P"),
        Image.fromarray(np.dstack([SHADES, np.full_like(SHADES, 255)])),
    ],
    ids=["8 bits", "16 bits", "16 of 32 bits", "palette", "grey and alpha"],
)
def test_a_grey_image_has_three_equal_colours_however_it_is_stored(tmp_path: Path, image: Image.Image) -> None:
    pixels = seen(tmp_path / "grey.tiff", image)
    np.testing.assert_array_equal(pixels, np.dstack([SHADES] * 3))


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    clear = np.dstack([COLOURS, np.where(SHADES < 100, 0, 255).astype(np.uint8)])
    pixels = seen(tmp_path / "clear.png", Image.fromarray(clear))
    np.testing.assert_array_equal(pixels, np.where(SHADES[..., np.newaxis] < 100, 255, COLOURS))
    palette = Image.new("P", (32, 32), color=1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    assert (seen(tmp_path / "clear.gif", palette, transparency=1) == 255).all()


def test_a_photo_is_turned_as_the_camera_was_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn it clockwise to see it upright
    pixels = seen(tmp_path / "photo.png", Image.fromarray(COLOURS), exif=exif)
    np.testing.assert_array_equal(pixels, np.rot90(COLOURS, k=-1))


def test_the_square_in_the_middle_is_taken_and_made_smaller(tmp_path: Path) -> None:
    wide = np.zeros((64, 100, 3), np.uint8)
    wide[:, 18:82] = COLOURS.repeat(2, axis=0).repeat(2, axis=1)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    picture = read_picture(tmp_path / "wide.png")
    assert (picture.width, picture.height) == (100, 64)
    inner = (slice(2, -2), slice(2, -2))  # at its rim the filter sees what was cut off
    difference = picture.pixels[inner].astype(int) - COLOURS[inner]
    assert np.abs(difference).max() <= 2, "neighbours differ by 5"


def test_a_folder_stands_for_the_pictures_in_it_by_name(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg"):
        Image.fromarray(COLOURS).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "folder.png").mkdir()
    assert picture_files(tmp_path) == [tmp_path / "a.jpeg", tmp_path / "b.PNG"]
    assert picture_files(tmp_path / "notes.txt") == [tmp_path / "notes.txt"], "what is named is meant"
    with pytest.raises(DataError, match=rf"must hold pictures.*: {tmp_path}/folder.png itself holds none"):
        picture_files(tmp_path / "folder.png")
    with pytest.raises(DataError, match=rf"there is no {tmp_path}/other; check its name"):
        picture_files(tmp_path / "other")


def test_what_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "whole.png")
    content = (tmp_path / "whole.png").read_bytes()
    Image.fromarray(SHADES.astype(np.float32)).save(tmp_path / "real.tiff")
    for name, damaged in (
        ("empty", b""),
        ("text", b"hello"),
        ("cut", content[: len(content) // 2]),
        ("bad", content[:45] + bytes(99)),
    ):
        (tmp_path / f"{name}.png").write_bytes(damaged)
    for path in (tmp_path / name for name in ("empty.png", "text.png", "cut.png", "bad.png", "real.tiff")):
        with pytest.raises(DataError, match=rf"{path} can't be read as a picture: .+; save it as JPEG or PNG"):
            read_picture(path)
