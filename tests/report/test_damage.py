"""Damaged results are named, with what makes them anew; the rest of the report stands."""

from pathlib import Path

import pandas as pd
import pytest

from patchify.report.document import document
from patchify.report.text import Text
from tests.report import made
from tests.report.made import section, words


def problem(folder: Path) -> str:
    """The one thing that is wrong with the results below a folder."""
    report, problems = document(folder, Text())
    assert len(problems) == 1
    assert any(words(found.blocks) == f"Results can't be shown: {problems[0]}." for found in report.sections)
    return problems[0]


def test_an_empty_file_is_no_table(tmp_path: Path) -> None:
    made.study(tmp_path / "baseline")
    file = tmp_path / "baseline" / "results.csv"
    file.write_text("")
    again = f"`patchify-summarize baseline --out {tmp_path}/baseline` writes it anew"
    assert problem(tmp_path) == f"{file} must be a table: No columns to parse from file; {again}"
    file.write_bytes(b"\xff\xfe run,seed\n")
    assert f"{file} must be a table: 'utf-8' codec can't decode" in problem(tmp_path)


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    results = made.study(tmp_path / "longer").drop(columns=["updates", "test_loss"])
    file = tmp_path / "longer" / "results.csv"
    results.to_csv(file, index=False)
    assert f"{file} must have the columns updates, test_loss: it is damaged, or older;" in problem(tmp_path)


@pytest.mark.parametrize("value", ["much", "inf"])
def test_what_is_no_number_is_refused(value: str, tmp_path: Path) -> None:
    made.study(tmp_path / "longer")
    file = tmp_path / "longer" / "results.csv"
    file.write_text(file.read_text().replace(",0.566,", f",{value},"))
    assert f"{file} must hold finite numbers in validation_accuracy: some are none;" in problem(tmp_path)


def test_a_table_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    made.study(tmp_path / "longer")
    file = tmp_path / "longer" / "results.csv"
    file.write_text(file.read_text().rpartition("textures")[0])
    assert f"{file} must have " in problem(tmp_path)
    assert "in every row: it is cut short, or damaged" in problem(tmp_path)
    file.write_text(file.read_text().partition("\n")[0])
    assert f"{file} must have rows: it has none" in problem(tmp_path)


def test_histories_must_be_those_of_the_results(tmp_path: Path) -> None:
    made.study(tmp_path / "longer")
    file = tmp_path / "longer" / "history.csv"
    records = pd.read_csv(file)
    records.iloc[:-1].to_csv(file, index=False)
    assert f"{file} must hold all records of the runs in results.csv: some lack;" in problem(tmp_path)
    file.unlink()
    assert f"{file} must be there beside results.csv" in problem(tmp_path)


def test_a_damaged_study_leaves_the_others(tmp_path: Path) -> None:
    made.study(tmp_path / "baseline")
    made.study(tmp_path / "longer")
    (tmp_path / "longer" / "results.csv").write_text("run\n")
    report, _ = document(tmp_path, Text())
    assert "56.3 ± 0.7" in words(section(report, "The baseline"))


def test_a_network_that_was_not_measured_with_all_libraries_is_refused(tmp_path: Path) -> None:
    made.speed(tmp_path / "pytorch")
    file = tmp_path / "pytorch" / "results.csv"
    pd.read_csv(file).iloc[:-1].to_csv(file, index=False)
    assert f"{file} must have each implementation once for each network: it is cut short" in problem(tmp_path)


@pytest.mark.parametrize("file", ["results.csv", "debug_file.csv"])
def test_damaged_evidence_is_no_evidence(file: str, tmp_path: Path) -> None:
    made.gradients(tmp_path / "gradcheck")
    path = tmp_path / "gradcheck" / file
    path.write_text(path.read_text().replace("1.00e-1", "l.00e-1"))
    assert "must hold finite numbers in " in problem(tmp_path)
    assert "`patchify-gradcheck " in problem(tmp_path)
