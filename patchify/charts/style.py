"""The one look of all charts, and writing them to files, the same bytes each time."""

import io
import os
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

INK = "#222222"
MUTED = "#666666"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart with any colour vision (Okabe and Ito 2008), without their yellow, which white paper swallows."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""In print without colour these tell the lines apart. One more than colours: 56 pairs before any comes again."""

WIDTH = 8.0
"""Inches of every chart, so that their letters have one size in a report."""
MARGIN = 0.1
"""Inches."""
DPI = 150

_STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with Matplotlib: the same shapes on every machine
    "font.size": 9.5,
    "text.color": INK,
    "text.hinting": "no_hinting",  # hinted letters change their widths with the resolution, and the layout with them
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 8.5,
    "axes.titlecolor": MUTED,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "figure.titlesize": 11.5,
    "figure.titleweight": "bold",
    "svg.fonttype": "path",  # a viewer's own font would be wider or narrower, and labels would run into each other
    "svg.hashsalt": "patchify",
}
_NO_TRACES: dict[str, dict[str, None]] = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's defaults plus our style, whatever the user's matplotlibrc says; undone on leaving."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def sheet(*, title: str, footer: str, height: float) -> Figure:
    """An empty figure with a title above and a footer below, both wrapped to its width.

    height: inches with one line of title and of footer; each further line adds its own
    """
    engine = ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN, hspace=0.03)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout=engine)
    further = _wrap(figure.suptitle(title, x=MARGIN / WIDTH, ha="left"))
    if footer:
        further += _wrap(figure.supxlabel(footer, x=MARGIN / WIDTH, ha="left", fontsize=8, color=MUTED))
    figure.set_figheight(height + further)
    return figure


def _wrap(text: Text) -> float:
    """Break lines so that they are as long as the figure is wide, by measure: letters differ in width.

    Returns the inches of all lines but the first.
    """
    whole, room = text.get_text(), (WIDTH - 2 * MARGIN) * DPI
    columns = max(len(line) for line in whole.splitlines() or [""])
    while text.get_window_extent().width > room and columns > 10:
        columns -= 2
        text.set_text("\n".join(textwrap.fill(line, columns) for line in whole.splitlines()))
    return 1.3 * float(text.get_fontsize()) / 72 * text.get_text().count("\n")  # 1.3: measured distance of lines


def wrap_label(label: str, columns: int) -> str:
    """Break a run's label at a " · " where it gets longer than `columns`; inside of a part only if that must be.

    >>> print(wrap_label("arch5 · sizes=[2, 4, 8] · seed 0", 24))
    arch5 · sizes=[2, 4, 8]
    seed 0
    """
    lines: list[str] = []
    for part in label.split(" · "):
        if lines and len(f"{lines[-1]} · {part}") <= columns:
            lines[-1] += f" · {part}"
        else:
            lines += textwrap.wrap(part, columns, break_on_hyphens=False)
    return "\n".join(lines)


def settle(figure: Figure) -> None:
    """Fix the layout as it is: another resolution, or saving once more, would move it by a hair."""
    lay_out(figure)
    figure.set_layout_engine("none")


def lay_out(figure: Figure) -> None:
    """Let the axes take the room that their labels leave; measured: a quarter faster than by drawing the figure."""
    engine = figure.get_layout_engine()
    if engine:
        engine.execute(figure)


def save(figure: Figure, path: Path, suffixes: Sequence[str] = (".svg", ".png"), *, dpi: int = DPI) -> list[Path]:
    """Write `figure` to `path` plus each suffix and return the paths written.

    The same figure gives the same bytes. Each file is complete or absent: it is moved into place when written.

    path: the file without its suffix; missing folders are made
    suffixes: among ".svg" and ".png"
    dpi: pixels of a PNG along an inch
    raises ValueError on any other suffix, before anything is written
    """
    unknown = [suffix for suffix in suffixes if suffix not in _NO_TRACES]
    if unknown:
        raise ValueError(f"a chart is saved as {' or '.join(_NO_TRACES)}: got {', '.join(unknown)}; choose among these")
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix in suffixes:
        buffer = io.BytesIO()
        with styled():
            if suffix == ".png":  # of which a run draws three: `savefig` draws everything twice
                figure.set_dpi(dpi)
                FigureCanvasAgg(figure).print_png(buffer, metadata=_NO_TRACES[suffix])  # type: ignore[no-untyped-call]
            else:
                figure.savefig(buffer, format=suffix[1:], dpi=dpi, metadata=_NO_TRACES[suffix])
        target = path.with_name(path.name + suffix)  # with_suffix would cut a name such as smoothing=0.1
        partial = path.with_name(f".{path.name}{suffix}.{os.getpid()}")
        try:
            partial.write_bytes(buffer.getvalue())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        written.append(target)
    return written
