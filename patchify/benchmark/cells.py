"""The networks that are compared, and what a measuring process is asked for and answers."""

from dataclasses import dataclass, field

CHECKED = 20
"""Updates over which the losses of all implementations must agree."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Cell:
    """A network: nf filters of width f, nh hidden units."""

    f: int
    nf: int
    nh: int

    def __str__(self) -> str:
        return f"f={self.f} nf={self.nf} nh={self.nh}"

    @property
    def block(self) -> int:
        """Updates that are timed at once, a divisor of CHECKED; few where one takes a tenth of a second."""
        weights = (32 // self.f) ** 2 * self.nf * self.nh
        return CHECKED if weights < 1_000_000 else 4


GRID = [Cell(f=f, nf=nf, nh=nh) for f in (2, 4, 8, 16) for nf in (3, 10, 40, 160) for nh in (50, 300)]
QUICK = [
    Cell(f=2, nf=3, nh=50),
    Cell(f=4, nf=10, nh=50),
    Cell(f=8, nf=40, nh=50),
    Cell(f=16, nf=160, nh=50),
    Cell(f=4, nf=40, nh=300),
]
"""The five architectures of the assignment."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """What one measuring process does.

    names: the implementations beside ours; images: how many to take batches from; seconds: for timing each cell
    """

    cells: list[Cell]
    names: list[str]
    threads: int
    images: int
    seconds: float


@dataclass(slots=True, kw_only=True)
class Times:
    """Seconds of one update, by implementation, one number a repeat: of all threads together (cpu), and by the clock.

    Numbers at the same position were measured one right after the other.
    """

    cell: Cell
    threads: int
    cpu: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[float]] = field(default_factory=dict)

    @property
    def repeats(self) -> int:
        """How often each implementation was timed."""
        return len(next(iter(self.cpu.values())))
