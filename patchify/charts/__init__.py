"""Charts of runs and of studies: the only Matplotlib code.

A chart is a function from plain numbers to a `Figure` that nobody else holds; `save` writes it. pyplot, which
keeps every figure in a global list, is never imported.
"""

from matplotlib.figure import Figure

from patchify.charts.captions import with_caption
from patchify.charts.frontier import Range, Spot, frontier_chart
from patchify.charts.gains import GainPanel, gain_chart
from patchify.charts.lines import Line
from patchify.charts.panels import Curve, Panel, panel_chart
from patchify.charts.run import confusion_matrix, filter_grid, rehearse, training_curves
from patchify.charts.scaling import LawBand, Lengths, scaling_chart
from patchify.charts.search import Slice, TrialPoint, search_history, search_slices
from patchify.charts.study import Bar, bar_chart, line_chart
from patchify.charts.style import save

__all__ = [
    "Bar",
    "Curve",
    "Figure",
    "GainPanel",
    "LawBand",
    "Lengths",
    "Line",
    "Panel",
    "Range",
    "Slice",
    "Spot",
    "TrialPoint",
    "bar_chart",
    "confusion_matrix",
    "filter_grid",
    "frontier_chart",
    "gain_chart",
    "line_chart",
    "panel_chart",
    "rehearse",
    "save",
    "scaling_chart",
    "search_history",
    "search_slices",
    "training_curves",
    "with_caption",
]
