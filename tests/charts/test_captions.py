"""Charts for pages that write title and footer themselves."""

import xml.etree.ElementTree as ET

from patchify.charts import Bar, bar_chart, with_caption
from patchify.charts.style import picture

BARS = [Bar(label="arch1", mean=0.5, half_width=0.01, n=3), Bar(label="arch2", mean=0.6, half_width=0.02, n=3)]
TITLE = (
    "Accuracy of networks, the title of which is so long that it must be broken into two lines of the chart, or three"
)
FOOTER = "Data: textures. n = 3 seeds; error bars: 95 % t intervals of the mean."


def inches(svg: str) -> tuple[float, float]:
    points = [float(ET.fromstring(svg).attrib[side].removesuffix("pt")) / 72 for side in ("width", "height")]
    return points[0], points[1]


def test_title_and_footer_become_the_caption_in_one_line_and_take_no_room() -> None:
    figure = bar_chart(BARS, title=TITLE, axis="accuracy", footer=FOOTER)
    whole = picture(figure, ".svg", dpi=200)
    svg, caption = with_caption(figure)
    assert caption == f"{TITLE}. {FOOTER}"
    (width, height), (_, before) = inches(svg), inches(whole.decode())
    assert width == 8
    assert height < before - 0.5
    plain, _ = with_caption(bar_chart(BARS, title="Accuracy", axis="accuracy", footer=FOOTER))
    assert abs(inches(plain)[1] - height) < 0.1
    assert picture(figure, ".svg", dpi=200) == whole, "the chart itself is as before"


def test_the_same_chart_gives_the_same_text() -> None:
    made = [with_caption(bar_chart(BARS, title=TITLE, axis="accuracy", footer=FOOTER)) for _ in range(2)]
    assert made[0] == made[1]
