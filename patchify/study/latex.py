"""Tables for a report in LaTeX."""

from collections.abc import Sequence

import pandas as pd

SYMBOLS = {"±": r"$\pm$", "·": r"$\cdot$", "×": r"$\times$", "–": "--", "−": "$-$"}
"""What older LaTeX does not read as it stands."""


def tabular(headings: list[str], rows: Sequence[Sequence[str]]) -> str:
    r"""A table with the rules of the package booktabs, its first column of names and the others of numbers.

    >>> print(tabular(["run", "accuracy (%)"], [["[2] a_b", "66.0 ± 0.3"]]))
    % \usepackage{booktabs}
    \begin{tabular}{lr}
    \toprule
    run & accuracy (\%) \\
    \midrule
    {[}2] a\_b & 66.0 $\pm$ 0.3 \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    plain = pd.DataFrame(rows, columns=headings)
    text: str = plain.to_latex(index=False, escape=True, column_format="l" + "r" * (len(headings) - 1))
    for symbol, written in SYMBOLS.items():
        text = text.replace(symbol, written)
    text = text.replace("\n[", "\n{[}")  # an option of the line before it, else
    return f"% \\usepackage{{booktabs}}\n{text}"
