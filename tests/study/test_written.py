"""Results of further studies, read from their folders."""

from pathlib import Path

import pandas as pd
import pytest

from patchify.study import ResultsError
from patchify.study.results import SCORES, Tables
from patchify.study.written import SCORED, sources, with_further

DATA = "cifar10 (unofficial copy 42fb3ed1)"


def results(**columns: object) -> pd.DataFrame:
    """Two runs of a group called 0.1, as labels that are numbers are read back."""
    scores = dict.fromkeys(SCORES, 0.5)
    return pd.DataFrame({"run_key": ["a", "b"], "data": DATA, "run": 0.1, "seed": [0, 1], **scores, **columns})


@pytest.fixture
def own() -> Tables:
    return Tables(results=results(run="mine"), history=pd.DataFrame(), about=f"{DATA}, JPEG copy")


def write(folder: Path, table: pd.DataFrame) -> None:
    folder.mkdir()
    table.to_csv(folder / "results.csv", index=False)


def test_further_results_come_by_the_names_of_their_studies(own: Tables, tmp_path: Path) -> None:
    write(tmp_path / "rates", results())
    write(tmp_path / "older", results().drop(columns=set(SCORES) - set(SCORED)))
    tables, notes = with_further(own, ["rates", "older"], tmp_path)
    assert notes == []
    assert list(tables.further) == ["rates", "older"]
    assert tables.further["rates"]["run"].tolist() == ["0.1", "0.1"]
    pd.testing.assert_frame_equal(tables.results, own.results)
    assert sources(tables.further) == "[rates](../rates/results.csv), n = 2, [older](../older/results.csv), n = 2"


def test_runs_on_other_data_are_left_out_and_said_so(own: Tables, tmp_path: Path) -> None:
    write(tmp_path / "rates", results(data=[DATA, "textures"]))
    write(tmp_path / "widths", results(data="textures"))
    tables, notes = with_further(own, ["rates", "widths"], tmp_path)
    assert {study: len(found) for study, found in tables.further.items()} == {"rates": 1}
    assert notes == ["1 runs of rates, on other data", "2 runs of widths, on other data"]


def test_a_study_without_results_is_named_with_what_writes_them(own: Tables, tmp_path: Path) -> None:
    tables, notes = with_further(own, ["longer"], tmp_path)
    assert tables.further == {}
    assert notes == [
        f"longer: there is no {tmp_path}/longer/results.csv; "
        f"`patchify-summarize longer --out {tmp_path}/longer` writes it"
    ]


def test_what_is_no_study_is_refused(own: Tables, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"a study longr: got neither; did you mean longer\?"):
        with_further(own, ["longr"], tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (results().drop(columns="run_key"), r"results\.csv must have the columns run_key: it is damaged, or older"),
        (results(train_cpu_seconds="soon"), r"must hold finite numbers in train_cpu_seconds: some are none"),
    ],
)
def test_a_damaged_table_is_refused(own: Tables, tmp_path: Path, table: pd.DataFrame, message: str) -> None:
    write(tmp_path / "rates", table)
    with pytest.raises(ResultsError, match=f"{message}; `patchify-summarize rates --out .*/rates` writes it anew"):
        with_further(own, ["rates"], tmp_path)
