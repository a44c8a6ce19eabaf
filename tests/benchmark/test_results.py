"""From times to the table, the last line, sentences, README and charts."""

from pathlib import Path

import pandas as pd
import pytest

from patchify.benchmark.cells import Cell
from patchify.benchmark.report.findings import findings
from patchify.benchmark.report.writing import write
from patchify.benchmark.results import headline, last_line, table
from patchify.charts.style import KINDS
from tests.benchmark.measured import FACTORS, PARTS, made_up

SMALL, LARGE = Cell(f=2, nf=3, nh=50), Cell(f=16, nf=160, nh=300)
MACHINE = {"processor": "AMD EPYC", "cores": "2", "NumPy": "2.4"}


def test_ratios_are_of_the_same_repeat_so_that_a_machine_that_gets_busy_does_not_widen_them() -> None:
    row = table([made_up(SMALL)]).set_index("implementation").loc["pytorch"]
    assert row["cpu_us"] == 3250  # of 2500 to 4000
    assert row["cpu_ratio"] == row["cpu_ratio_low"] == row["cpu_ratio_high"] == 2.5
    assert row["repeats"] == 7


def test_the_last_line_is_geometric_means_with_the_floor_as_ours_over_it() -> None:
    twice = {**FACTORS, "pytorch": 10.0, "floor": 0.2}
    results = table([made_up(SMALL), made_up(LARGE, twice), made_up(SMALL, {"ours": 1.0, "jax": 99.0}, threads=2)])
    # sqrt(2.5 * 10) = 5; 1 / sqrt(0.8 * 0.2) = 2.5
    assert last_line(results) == "geomean floor=2.50 pytorch=5.00 jax=1.25 einsum=9.0"


def test_what_was_not_measured_is_nan() -> None:
    assert (
        last_line(table([made_up(SMALL, {"ours": 1.0, "einsum": 9.0})]))
        == "geomean floor=nan pytorch=nan jax=nan einsum=9.0"
    )


def test_by_the_clock_has_its_own_geometric_means() -> None:
    assert headline(table([made_up(SMALL)]), "wall")["pytorch"] == pytest.approx(2.5)


def said(*measurements: dict[str, float]) -> str:
    cells = [SMALL, LARGE, Cell(f=4, nf=40, nh=300)][: len(measurements)]
    return "\n".join(
        findings(table([made_up(cell, factors) for cell, factors in zip(cells, measurements, strict=True)]))
    )


def test_sentences_say_how_often_and_where_an_implementation_is_slower() -> None:
    text = said({"ours": 1.0, "pytorch": 4.0}, {"ours": 1.0, "pytorch": 0.25})
    assert "PyTorch takes 1.00 times our CPU time (geometric mean of 2 networks)" in text
    assert "more in 1, less in 1, neither for sure in 0" in text
    assert "from 0.25 times (f=16 nf=160 nh=300) to 4.00 times (f=2 nf=3 nh=50)" in text
    assert "By filter width: 2×2 4.00, 16×16 0.25." in text
    assert "JAX" not in text


def test_sentences_say_how_much_of_our_time_is_matrix_products() -> None:
    text = said({"ours": 1.0, "floor": 0.4}, {"ours": 1.0, "floor": 0.9}, {"ours": 10.0, "floor": 6.0})
    assert "matrix products are 60 % of our update's CPU time: from 40 % (f=2 nf=3 nh=50) to 90 %" in text
    assert "where they take least time they are 40 %, in the third where they take most 60 %." in text


def test_sentences_say_what_of_pytorchs_distance_is_its_convolution() -> None:
    text = said({**FACTORS, **PARTS})
    assert "conv2d alone takes 3.00 times the two matrix products" in text
    assert "are 53 % of what PyTorch takes longer" in text  # 0.8 ms of 1.5
    assert "takes longer where" not in said({**FACTORS, **PARTS, "pytorch": 0.5})


def test_sentences_say_what_a_second_thread_brings_by_the_clock() -> None:
    measurements = [made_up(SMALL), made_up(LARGE), made_up(SMALL, threads=2), made_up(LARGE, {"ours": 4.0}, threads=2)]
    (sentence,) = [found for found in findings(table(measurements)) if "threads instead" in found]
    # twice as fast in the one; four times the work on two threads, half as fast, in the other
    assert "1.00 times as fast by the clock" in sentence
    assert "from 0.50 (f=16 nf=160 nh=300) to 2.00 (f=2 nf=3 nh=50), for 2.00 times the CPU time" in sentence


def test_table_charts_and_readme_are_written(tmp_path: Path) -> None:
    results = table([made_up(cell, threads=threads) for threads in (1, 2) for cell in (SMALL, LARGE)])
    folder = tmp_path / "deep" / "pytorch"
    written = write(results, folder, machine=MACHINE, images=10_000, command="patchify-benchmark --threads 1,2")
    assert sorted(folder.iterdir()) == sorted(written)
    assert {path.stem for path in written if path.suffix == ".png"} == {
        "microseconds",
        "microseconds_2_threads",
        "ratio",
        "ratio_2_threads",
    }
    pd.testing.assert_frame_equal(pd.read_csv(folder / "results.csv"), results)
    text = (folder / "README.md").read_text()
    assert "| 1 | CPU | 1.25 | 2.50 | 1.25 | 9.00 |" in text
    assert "| 1 | 2 | 3 | 50 | 1,300 | 0.80 (0.80 to 0.80) | 2.50 (2.50 to 2.50) | 1.25 " in text
    assert "| processor | AMD EPYC |" in text
    assert "`patchify-benchmark --threads 1,2`" in text


def test_without_others_there_are_no_ratios_to_draw(tmp_path: Path) -> None:
    results = table([made_up(SMALL, {"ours": 1.0, "floor": 0.8})])
    written = write(results, tmp_path, machine=MACHINE, images=10_000, command="patchify-benchmark")
    charts = [f"microseconds{kind}" for kind in sorted(KINDS)]
    assert sorted(path.name for path in written) == ["README.md", *charts, "results.csv"]
