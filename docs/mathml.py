"""Formulas as MathML, which browsers draw by themselves: no script, and nothing to fetch."""

import html
import re
from typing import Any

from latex2mathml.converter import convert

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(content: str, **_: Any) -> str:
    """The page, with MathML for each formula that arithmatex has marked; called by MkDocs."""
    return FORMULA.sub(_mathml, content)


def _mathml(formula: re.Match[str]) -> str:
    _, opening, latex = formula.groups()
    return convert(html.unescape(latex), display="block" if opening == "[" else "inline")
