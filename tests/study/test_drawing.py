"""From a study's tables to its curves."""

import pandas as pd
import pytest

from patchify.config.schema import Chart, ChartKind
from patchify.study.drawing import MOST_CURVES, figure
from patchify.study.results import Tables
from tests.charts.figures import words

NAMES = [f"eta={0.01 * number:.2f}" for number in range(1, MOST_CURVES + 3)]
"""Two more than curves that can be told apart; the accuracies rise with the rates."""


def tables(names: list[str], baseline: str | None = None) -> Tables:
    results = pd.DataFrame({"run": names, "seed": 0, "cycle_ends": "[]"})
    results["test_accuracy"] = [float(name.removeprefix("eta=")) for name in names]
    history = results.assign(**{"test/loss": 1.0}).merge(pd.DataFrame({"step": [0, 100]}), how="cross")
    return Tables(results=results, history=history, about="textures", baseline=baseline)


def drawn(of: Tables) -> set[str]:
    """All that is written in the chart."""
    return set(words(figure(Chart(kind=ChartKind.curves, show=["test/loss"], title="Loss"), of, "loss")))


@pytest.mark.parametrize(("baseline", "said"), [(None, ""), ("eta=0.01", " and the baseline")])
def test_of_many_groups_the_curves_of_the_best_and_of_the_baseline_are_drawn(baseline: str | None, said: str) -> None:
    found = drawn(tables(NAMES, baseline))
    best = NAMES[2:]
    assert set(NAMES) & found == {*best, *filter(None, [baseline])}
    caption = next(text for text in found if text.startswith("Data: "))
    assert f"Of {len(NAMES)} groups, the {MOST_CURVES} with the highest test accuracy{said}." in " ".join(
        caption.split()
    )


def test_of_few_groups_all_curves_are_drawn() -> None:
    found = drawn(tables(NAMES[:MOST_CURVES]))
    assert set(NAMES[:MOST_CURVES]) <= found
    assert not any("groups" in text for text in found)
