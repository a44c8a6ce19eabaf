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
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine, LayoutEngine
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
DPI = 200

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
    "pdf.fonttype": 42,  # letters that can be searched for and copied
}
NO_TRACES: dict[str, dict[str, None]] = {
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Metadata by which two files of the same chart would differ, by kind of file."""
KINDS = tuple(NO_TRACES)
"""Of files: for pages, for looking at, for print."""


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's defaults plus our style, whatever the user's matplotlibrc says; undone on leaving."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


class Margins(LayoutEngine):
    """Axes at known distances from title, footer and edges, for charts whose labels are known in advance.

    left, right, top, bottom: inches; between: inches from axes to axes, where they are in one column
    """

    _adjust_compatible = True
    _colorbar_gridspec = True

    def __init__(self, *, left: float, right: float, top: float, bottom: float, between: float = 0.0) -> None:
        super().__init__()
        self.left, self.right, self.top, self.bottom, self.between = left, right, top, bottom, between

    def execute(self, fig: Figure) -> None:
        """Place the title, the footer and the axes."""
        width, height = fig.get_size_inches()
        top, bottom = self.top + MARGIN, self.bottom + MARGIN
        for text in fig.texts:
            if text.get_verticalalignment() == "top":
                text.set_y(1 - MARGIN / height)
                top += _height(text)
            else:
                text.set_y(MARGIN / height)
                bottom += _height(text)
        rows = len(fig.axes)
        each = (height - top - bottom - (rows - 1) * self.between) / rows
        fig.subplots_adjust(
            left=self.left / width,
            right=1 - self.right / width,
            top=1 - top / height,
            bottom=bottom / height,
            hspace=self.between / each,
        )


def sheet(*, title: str, footer: str, height: float, layout: LayoutEngine | None = None) -> Figure:
    """An empty figure with a title above and a footer below, both wrapped to its width.

    height: inches with one line of title and of footer; each further line adds its own
    layout: what places the axes; None measures their labels, which takes longer
    """
    engine = layout or ConstrainedLayoutEngine(w_pad=MARGIN, h_pad=MARGIN, hspace=0.03)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout=engine)
    texts = [figure.suptitle(title, x=MARGIN / WIDTH, ha="left")]
    if footer:
        texts.append(figure.supxlabel(footer, x=MARGIN / WIDTH, ha="left", fontsize=8, color=MUTED))
    for text in texts:
        _wrap(text)
        height += _height(text) - _line(text)
    figure.set_figheight(height)
    return figure


def _wrap(text: Text) -> None:
    """Break lines so that they are as long as the figure is wide, by measure: letters differ in width."""
    whole, room = text.get_text(), (WIDTH - 2 * MARGIN) * DPI
    columns = max(len(line) for line in whole.splitlines() or [""])
    while text.get_window_extent().width > room and columns > 10:
        columns -= 2
        text.set_text("\n".join(textwrap.fill(line, columns) for line in whole.splitlines()))


def _height(text: Text) -> float:
    """Inches of all lines of a text."""
    return _line(text) * (text.get_text().count("\n") + 1)


def _line(text: Text) -> float:
    """Inches from line to line; 1.3: measured."""
    return 1.3 * float(text.get_fontsize()) / 72


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


def save(figure: Figure, path: Path, suffixes: Sequence[str] = KINDS, *, dpi: int = DPI) -> list[Path]:
    """Write `figure` to `path` plus each suffix and return the paths written.

    The same figure gives the same bytes. Each file is complete or absent: it is moved into place when written.

    path: the file without its suffix; missing folders are made
    suffixes: among KINDS
    dpi: pixels of a PNG along an inch
    raises ValueError on any other suffix, before anything is written
    """
    unknown = [suffix for suffix in suffixes if suffix not in NO_TRACES]
    if unknown:
        raise ValueError(f"a chart is saved as {' or '.join(NO_TRACES)}: got {', '.join(unknown)}; choose among these")
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix in suffixes:
        content = picture(figure, suffix, dpi=dpi)
        target = path.with_name(path.name + suffix)  # with_suffix would cut a name such as smoothing=0.1
        partial = path.with_name(f".{path.name}{suffix}.{os.getpid()}")
        try:
            partial.write_bytes(content)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        written.append(target)
    return written


def picture(figure: Figure, suffix: str, *, dpi: int) -> bytes:
    """The content of a file of this kind."""
    buffer = io.BytesIO()
    canvas, resolution = figure.canvas, figure.dpi
    with styled():
        figure.set_dpi(dpi)
        match suffix:  # by canvases, since `savefig` draws everything twice
            case ".png":
                FigureCanvasAgg(figure).print_png(buffer, metadata=NO_TRACES[suffix], pil_kwargs={"compress_level": 2})
            case ".svg":
                FigureCanvasSVG(figure).print_svg(buffer, metadata=NO_TRACES[suffix])
            case ".pdf":
                FigureCanvasPdf(figure).print_pdf(buffer, metadata=NO_TRACES[suffix])
    figure.set_canvas(canvas)
    figure.set_dpi(resolution)  # vectors have their own
    return buffer.getvalue()
