"""What a study's README says of gains: a table of them all, and which are the largest."""

from collections.abc import Iterable, Mapping

from patchify.config.schema import Chart, ChartKind
from patchify.study.gains import Gains, panels
from patchify.study.markdown import number, table
from patchify.study.quantities import heading, of_difference, quantity
from patchify.study.results import Tables


def gain_lines(charts: Iterable[Chart], tables: Tables) -> list[str]:
    """Markdown: a row for each pair of runs, a column for each that charts of gains show; nothing without such charts.

    Raises ResultsError for pairs that there are not, or not with the same seeds.
    """
    shown: dict[str, dict[str, Gains]] = {}
    for chart in charts:
        if chart.kind is ChartKind.gains:
            shown.setdefault(chart.show[0], {}).update(panels(chart, tables.results))
    if not shown:
        return []
    columns = {
        column: {pair: found for gains in titled.values() for pair, found in gains.items()}
        for column, titled in shown.items()
    }
    counts = {pair: found.n for gains in columns.values() for pair, found in gains.items()}
    headings = ["runs", "n", *(of_difference(heading(column)) for column in columns)]
    rows = [
        [
            str(pair),
            str(n),
            *(number(gains[pair], column, "+") if pair in gains else "" for column, gains in columns.items()),
        ]
        for pair, n in counts.items()
    ]
    return [
        *table(headings, rows),
        "",
        "Differences between runs of the same seed: means ± half of the 95 % interval (Student's t), from one",
        "deviation for all pairs of a panel. One interval in twenty misses by chance; pairs that share runs share",
        "their luck.",
        "",
        *(f"{sentence}\n" for column, titled in shown.items() for sentence in _sentences(column, titled)),
    ]


def _sentences(column: str, titled: Mapping[str, Gains]) -> list[str]:
    """Which gains are the largest of those that are sure, and which can't be told from none."""
    what = of_difference(heading(column))
    accuracy = quantity(column).unit == "%"  # less of anything else may be better: the largest change is named then
    largest, unseen = [], []
    for title, gains in titled.items():
        clear = {pair: gain for pair, gain in gains.items() if gain.excludes(0) and (gain.mean > 0 or not accuracy)}
        most = max(clear, key=lambda pair: abs(clear[pair].mean), default=None)
        none = "none surely above zero" if accuracy else "none is sure"
        found = f"{most.label}, {number(clear[most], column, '+')}" if most else none
        largest.append(f"{title} ({found})")
        zero = [pair.label for pair, gain in gains.items() if gain.includes(0)]
        unseen += [f"{title} ({', '.join(zero)})"] if zero else []
    sentences = [f"Largest {what.replace('difference', 'gain') if accuracy else what}: {'; '.join(largest)}."]
    if unseen:
        sentences.append(f"No {what} seen, since the interval includes zero: {'; '.join(unseen)}.")
    return sentences
