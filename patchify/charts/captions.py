"""Charts for pages that write title and footer themselves, below the chart and in letters of their own."""

import io

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from patchify.charts.style import MARGIN, NO_TRACES, WIDTH, styled


def with_caption(figure: Figure) -> tuple[str, str]:
    """The chart as SVG without title and footer, WIDTH inches wide, and both as one line of text."""
    texts = [figure.get_suptitle(), figure.get_supxlabel()]
    for text in figure.texts:
        text.set_visible(False)
    drawn = figure.get_tightbbox()
    cut = Bbox([[0, drawn.y0 - MARGIN / 2], [WIDTH, drawn.y1 + MARGIN / 2]])
    buffer = io.StringIO()
    with styled():
        figure.savefig(buffer, format="svg", bbox_inches=cut, metadata=NO_TRACES[".svg"])
    for text in figure.texts:
        text.set_visible(True)
    return buffer.getvalue(), ". ".join(" ".join(text.split()) for text in texts if text)
