"""A grid of widths and lengths says where compute should go, and when it can't say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchify.config.schema import Chart, ChartKind
from patchify.study import ResultsError
from patchify.study.drawing import draw
from patchify.study.results import Tables
from patchify.study.scaling.figure import scaling_figure
from patchify.study.scaling.findings import scaling
from patchify.study.scaling.grid import grid
from patchify.study.scaling.laws import PowerLaw
from patchify.study.scaling.section import scaling_section
from patchify.study.scaling.spending import all_on_one, best_split, growth
from tests.study.grids import CENTRES, LAW, flops_of_update, made_up

LOSS = Chart(kind=ChartKind.scaling, show=["test_loss"], title="Test loss against training compute")
GRID = grid(made_up(noise=0.0).results, "test_loss")
BUDGET = 2 * GRID.compute[-1]


def test_a_grid_knows_the_compute_of_networks_that_it_does_not_hold() -> None:
    assert GRID.of_update(np.array([77.0, 1234.0])) == pytest.approx(flops_of_update(77, 1234), rel=1e-9)


def test_accuracies_are_taken_as_error_rates() -> None:
    found = grid(made_up(noise=0.0).results, "test_accuracy")
    np.testing.assert_allclose(found.losses, GRID.losses / 3)


def test_a_setting_is_on_the_frontier_if_none_with_less_compute_is_as_good() -> None:
    for i, on in enumerate(GRID.frontier):
        assert on == all(GRID.losses[j] > GRID.losses[i] for j in range(len(GRID.losses)) if j < i)
    assert (np.diff(GRID.compute) >= 0).all()
    assert 5 < GRID.frontier.sum() < 27


def test_the_spread_over_seeds_is_pooled_over_all_settings() -> None:
    found = grid(made_up(noise=0.004, seeds=3).results, "test_loss")
    assert found.deviation == pytest.approx(0.004 * GRID.losses.mean(), rel=0.3)
    assert found.deviation is not None
    assert found.half_widths is not None
    # t(0.975, 54) = 2.005
    np.testing.assert_allclose(found.half_widths, 2.005 * found.deviation / np.sqrt(3), rtol=1e-3)
    assert grid(made_up(seeds=1).results, "test_loss").half_widths is None


def test_no_setting_of_the_same_compute_is_better_than_the_best_split() -> None:
    split = best_split(LAW, GRID, BUDGET)
    assert GRID.of_update(split[:2]) * split[2] == pytest.approx(BUDGET)
    widths = np.exp(np.random.default_rng(0).uniform(np.log([16, 100]), np.log([400, 3600]), (2000, 2)))
    updates = BUDGET / GRID.of_update(widths)
    losses = LAW(np.column_stack([widths, updates])[updates < 2 * 3600])
    assert losses.min() - 0.0005 < LAW(split) < np.quantile(losses, 0.01)


def test_the_best_split_of_the_least_compute_is_the_cheapest_setting() -> None:
    np.testing.assert_allclose(best_split(LAW, GRID, GRID.compute[0]), [16, 100, 900], rtol=1e-6)


def test_a_layer_whose_width_changes_nothing_is_as_narrow_as_the_grid_has_it() -> None:
    flat = PowerLaw(floor=0.5, shares=np.array([0.2, 0.0, 0.17]), exponents=LAW.exponents, centres=CENTRES)
    assert best_split(flat, GRID, GRID.compute[-1] / 10)[1] == pytest.approx(100)


def test_where_length_is_all_that_counts_a_law_is_not_asked_for_sixty_times_as_much() -> None:
    length = PowerLaw(
        floor=0.0, shares=np.array([0.0, 0.0, 1.2]), exponents=np.array([1.0, 1.0, 0.15]), centres=CENTRES
    )
    assert 3200 < best_split(length, GRID, GRID.compute[-1] / 2)[2] <= 3600
    assert 6400 < best_split(length, GRID, BUDGET)[2] < 7210  # twice the grid's longest, but for rounding


def test_the_best_split_of_the_most_compute_measured_is_the_costliest_setting() -> None:
    np.testing.assert_allclose(best_split(LAW, GRID, GRID.compute[-1]), [100, 900, 3600], rtol=1e-3)


def test_all_spent_on_one_thing_costs_the_budget_and_changes_that_alone() -> None:
    start = GRID.points[-1]
    for i, setting in enumerate(all_on_one(GRID, start, BUDGET)):
        assert GRID.of_update(setting[:2]) * setting[2] == pytest.approx(BUDGET)
        assert (setting != start).tolist() == [j == i for j in range(3)]


def test_the_terms_of_a_law_fall_together_when_all_grow_as_it_says() -> None:
    powers = growth(LAW)
    assert powers.sum() == pytest.approx(1)
    before, after = LAW.terms(CENTRES), LAW.terms(CENTRES * 10.0**powers)
    assert after / before == pytest.approx([0.7108] * 3, abs=0.0001)  # 10 ** -1 / (1/0.45 + 1/0.35 + 1/0.6)


@pytest.mark.parametrize("column", ["test_loss", "test_accuracy"])
def test_the_chart_and_its_section_say_the_law_and_the_next_doubling(column: str, tmp_path: Path) -> None:
    tables, chart = made_up(), Chart(kind=ChartKind.scaling, show=[column], title="Scaling")
    assert [path.suffix for path in draw(chart, tables, tmp_path / "scaling")] == [".svg", ".png", ".pdf"]
    said = "\n".join(scaling_section(chart, tables))
    found = scaling(tables, column)
    split = best_split(found.fit.law, found.grid, BUDGET)
    assert f"| the best split | {split[0]:,.0f} (bound) | {split[1]:,.0f} | " in said
    assert "| filters / 40 |" in said
    assert "| 64.5 (2 ×) |" in said
    assert ("(points)" in said) == (column == "test_accuracy")
    assert "not decided between" not in said


def test_a_number_that_a_limit_decides_has_no_interval_and_nor_has_what_stands_beside_it() -> None:
    rows = [line for line in scaling_section(LOSS, made_up()) if " ×) | " in line]
    numbers = [row.split(" | ")[1:4] for row in rows]
    bounds = [[number.endswith("(bound)") for number in row] for row in numbers]
    # the grid ends before the costliest setting's compute does; eight times that has room
    assert bounds == [[False, False, True], [True, False, True], [True, False, True], [False] * 3]
    assert [["[" in number for number in row] for row in numbers] == [[False] * 3] * 3 + [[True] * 3]


def test_the_costliest_settings_are_predicted_from_those_of_an_eighth_of_the_compute() -> None:
    found = scaling(made_up(noise=0.0), "test_loss")
    assert (found.grid.compute[found.cheap] <= found.grid.compute[-1] / 8).all()
    assert len(found.missed) == 27 - found.cheap.sum() > 5
    np.testing.assert_allclose(found.missed, 0, atol=1e-3)


def test_an_exponent_that_the_data_do_not_decide_is_said_so_and_nothing_is_extended_from_it() -> None:
    flat = PowerLaw(floor=0.5, shares=np.array([0.2, 0.0, 0.17]), exponents=LAW.exponents, centres=CENTRES)
    said = "\n".join(scaling_section(LOSS, made_up(flat)))
    assert "not decided between 0.02 and 4.0" in said
    assert "The term of hidden units is not decided, so no best split of compute" in said
    assert "more filters alone" in said
    for undecided in ("more hidden units alone", "| the best split", "×)"):
        assert undecided not in said
    figure = scaling_figure(LOSS, made_up(flat))
    assert "beyond the data" not in [text.get_text() for text in figure.legends[0].get_texts()]
    (axes,) = figure.axes
    band = axes.collections[0].get_paths()[0].vertices
    assert np.max(np.asarray(band)[:, 0]) == pytest.approx(GRID.compute[-1] / 1e12)


@pytest.mark.parametrize("column", ["train_seconds", "train_flops"])
def test_what_is_no_loss_and_no_accuracy_has_no_law(column: str) -> None:
    with pytest.raises(ValueError, match=r"must name one loss or accuracy for scaling"):
        Chart(kind=ChartKind.scaling, show=[column], title="Scaling")


def changed(**columns: Any) -> Tables:
    tables = made_up()
    return Tables(results=tables.results.assign(**columns), history=tables.history, about=tables.about)


def test_runs_that_differ_in_something_else_are_refused() -> None:
    runs = [f"run {i // 2 % 2}" for i in range(54)]
    flops = made_up().results["train_flops"] ** 1.01
    seeds = [f"run {i}" for i in range(54)]
    assert grid(changed(run=runs).results, "test_loss").points.shape == (27, 3)
    for other in (changed(run=seeds), changed(train_flops=flops)):
        with pytest.raises(ResultsError, match=r"must differ in .*filter_counts.* and updates alone: .*; make other"):
            grid(other.results, "test_loss")


def test_a_study_without_a_grid_of_single_widths_is_refused() -> None:
    two = changed(**{"architecture.hidden": ["[100, 50]"] * 54})
    with pytest.raises(ResultsError, match=r"must vary architecture\.hidden, one width each: got \['\[100, 50\]'"):
        scaling(two, "test_loss")
    none = made_up()
    fixed = Tables(results=none.results.drop(columns="architecture.hidden"), history=none.history, about="")
    with pytest.raises(ResultsError, match=r"got the same in all; sweep over it"):
        scaling(fixed, "test_loss")
