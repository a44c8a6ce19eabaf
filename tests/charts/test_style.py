"""Every chart is readable, and written with the same bytes each time."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from patchify.charts import Bar, bar_chart, save
from patchify.charts.style import KINDS, styled
from tests.charts.figures import (
    CHARTS,
    FOOTER,
    accuracy_bars,
    architectures,
    assert_readable,
    built,
    words,
    written,
)


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_saved_twice_and_drawn_again_has_the_same_bytes(chart: str, tmp_path: Path) -> None:
    figure = built(chart)
    svg, png, pdf = save(figure, tmp_path / "first")
    pdf_again, png_again, svg_again = save(figure, tmp_path / "again", (".pdf", ".png", ".svg"))
    assert pdf.read_bytes() == pdf_again.read_bytes()
    (svg_anew,) = save(CHARTS[chart](), tmp_path / "anew", (".svg",))
    assert svg.read_bytes() == svg_again.read_bytes() == svg_anew.read_bytes()
    assert png.read_bytes() == png_again.read_bytes()


def test_another_process_writes_the_same_bytes_and_never_imports_pyplot(tmp_path: Path) -> None:
    here = save(bar_chart(architectures(), title="t", axis="a", footer="f"), tmp_path / "here", (".svg",))
    program = f"""
import sys
from pathlib import Path
from patchify.charts import Bar, bar_chart, save
bars = {architectures()!r}
save(bar_chart(bars, title="t", axis="a", footer="f"), Path({str(tmp_path)!r}) / "there", (".svg",))
assert "matplotlib.pyplot" not in sys.modules
"""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=Path(__file__).parents[1])
    assert (tmp_path / "there.svg").read_bytes() == here[0].read_bytes()


def test_files_tell_neither_date_nor_software_version(bars: Figure, tmp_path: Path) -> None:
    svg, png, pdf = save(bars, tmp_path / "chart")
    assert mpl.__version__.encode() not in pdf.read_bytes()
    assert b"CreationDate" not in pdf.read_bytes()
    assert mpl.__version__ not in svg.read_text()
    assert "dc:date" not in svg.read_text()
    assert b"Software" not in png.read_bytes()


def settings() -> dict[str, Any]:
    # asking for the backend would choose one
    return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}


def test_a_users_own_matplotlib_settings_neither_count_nor_change(bars: Figure, tmp_path: Path) -> None:
    expected = save(bars, tmp_path / "plain")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": "mine", "savefig.bbox": "tight"}):
        before = settings()
        changed = save(CHARTS["bars"](), tmp_path / "changed")
        assert settings() == before
    assert [path.read_bytes() for path in changed] == [path.read_bytes() for path in expected]


def test_a_name_with_a_dot_keeps_it_and_nothing_else_is_left_in_the_folder(bars: Figure, tmp_path: Path) -> None:
    paths = save(bars, tmp_path / "charts" / "smoothing=0.1")
    assert paths == [tmp_path / "charts" / f"smoothing=0.1{kind}" for kind in KINDS]
    assert sorted((tmp_path / "charts").iterdir()) == sorted(paths)


def test_another_suffix_is_refused_before_anything_is_written(bars: Figure, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a chart is saved as \.svg or \.png or \.pdf: got \.jpg; choose among these"):
        save(bars, tmp_path / "chart", (".svg", ".jpg"))
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_moved_into_place_leaves_nothing_half_made(bars: Figure, tmp_path: Path) -> None:
    (tmp_path / "chart.svg").mkdir()
    with pytest.raises(OSError, match=r"chart\.svg"):
        save(bars, tmp_path / "chart")
    assert [path.name for path in tmp_path.iterdir()] == ["chart.svg"]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_is_readable_as_svg_too_whose_resolution_is_another(chart: str) -> None:
    figure = built(chart)
    inches = {}
    for dpi in (200, 72):
        assert_readable(figure, dpi)
        with styled():
            inches[dpi] = [text.get_window_extent().width / dpi for text in written(figure)]
    np.testing.assert_allclose(inches[72], inches[200], rtol=0.03)  # some are rounded to whole pixels


def test_long_titles_and_footers_are_broken_into_lines_that_fit_and_take_nothing_from_the_chart() -> None:
    long = "Does a title of this length still fit, or does it leave the figure on the right? " * 2
    bars = architectures()[:1]
    figure = bar_chart(bars, title=long, axis="accuracy (%)", footer=f"{long * 2}\n{FOOTER}")
    assert_readable(figure)
    short = bar_chart(bars, title="Short", axis="accuracy (%)", footer="short")
    heights = [chart.axes[0].get_window_extent().height for chart in (figure, short)]
    np.testing.assert_allclose(heights[0], heights[1], rtol=0.05)  # lines are not whole pixels apart


def test_a_dollar_sign_in_a_label_is_written_as_it_is() -> None:
    label = r"$\nosuch{$"  # mathematics of which Matplotlib would complain
    assert label in words(accuracy_bars([Bar(label=label, mean=0.5, half_width=None, n=1)]))
