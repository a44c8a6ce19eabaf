"""What a run tells whoever watches it; the events cross process boundaries, so they are plain data."""

from collections.abc import Callable
from dataclasses import dataclass

from patchify.core.training import Record


@dataclass(slots=True, kw_only=True)
class Started:
    """A run is in the store. name: its title there; id: the store's; total: updates it will make."""

    name: str
    id: str
    total: int


@dataclass(slots=True, kw_only=True)
class Finished:
    """A run came to its end. accuracy, loss: of the test images, at the last update; seconds: spent in updates."""

    accuracy: float
    loss: float
    seconds: float

    def __str__(self) -> str:
        scores = f"test accuracy {100 * self.accuracy:.2f} %, loss {self.loss:.3f}"
        return f"{scores}, {self.seconds:.1f} s of training"


Event = Started | Record | Finished
Watch = Callable[[Event], None]
