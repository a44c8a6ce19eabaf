"""What a network takes a picture for, as a person reads it."""

import textwrap
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from patchify.core.axes import SIDE
from patchify.data.pictures import Picture

TOP = 3
"""Classes shown of each picture."""
WIDTH = 79


def heading(about: str, class_names: Sequence[str]) -> str:
    """Which network answers, and what it can answer."""
    limits = f"It knows {len(class_names)} classes and takes every picture for one of them"
    return "\n".join(textwrap.fill(text, WIDTH) for text in (about, f"{limits}: {', '.join(class_names)}."))


def answer(picture: Picture, class_names: Sequence[str], probabilities: Float[np.ndarray, "C"]) -> str:
    """A picture's most probable classes, below its file, its size and what was made of it to be seen by a network."""
    square = picture.width == picture.height
    change = "resized" if square else "cropped to the square in the middle, resized"
    seen = "" if picture.width == picture.height == SIDE else f", {change} to {SIDE}x{SIDE}"
    width = max(map(len, class_names))
    best = np.argsort(-probabilities, kind="stable")[:TOP]
    classes = [f"  {class_names[one]:<{width}}  {percent(probabilities[one]):>8}" for one in best]
    return "\n".join([f"{picture.path}: {picture.width}x{picture.height}{seen}", *classes])


def record(picture: Picture, class_names: Sequence[str], probabilities: Float[np.ndarray, "C"]) -> dict[str, object]:
    """The same for programs: probabilities of all classes, the most probable first; sizes in pixels of the file."""
    best = np.argsort(-probabilities, kind="stable")
    return {
        "image": str(picture.path),
        "width": picture.width,
        "height": picture.height,
        "probabilities": {class_names[one]: float(probabilities[one]) for one in best},
    }


def percent(probability: float) -> str:
    """A probability to one decimal, never rounded to certainty.

    >>> [percent(probability) for probability in (0.9994, 0.9996, 0.5, 0.0004)]
    ['99.9 %', '> 99.9 %', '50.0 %', '< 0.1 %']
    """
    rounded = f"{100 * probability:.1f} %"
    return {"100.0 %": "> 99.9 %", "0.0 %": "< 0.1 %"}.get(rounded, rounded)
