"""MLflow's pages of a real study, as `patchify-ui` serves them and a real browser shows them.

`PATCHIFY_SCREENSHOTS=1 pytest tests/commands/test_pages.py` keeps what is seen in docs/images/.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from mlflow.entities import Run

from tests.browser import CHROMIUM, DRIVER, Browser
from tests.commands.test_ui import server
from tests.conftest import call
from tests.in_store import runs_of

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no browser: install chromium and chromium-driver, as .ci/run does"
)

SMALL = ["data=textures", "data.train=1000", "data.test=500", "data.validation=200", "schedule.step_size=20"]
"""Of what all four runs share: names leave it out."""
QUESTION = "Which filter width is best when the number of responses stays about the same?"
TABLE = "#/experiments/1/runs?viewStateShareKey=results"
NAMES = [f"arch{number} · seed 0" for number in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracking folder of the study `architectures` with one seed, on textures."""
    from patchify.commands.train import main  # noqa: PLC0415 - Hydra is imported for the tests that use it

    folder = tmp_path_factory.mktemp("pages") / "mlruns"
    words = ["experiment=architectures", "seed=0", f"tracking.folder={folder}"]
    assert call(main, "patchify", *words, *SMALL) == 0
    return folder


@pytest.fixture(scope="module")
def runs(study: Path) -> list[Run]:
    _, *found = runs_of(study, "architectures")
    assert [run.info.run_name for run in found] == NAMES
    return found


@pytest.fixture(scope="module")
def browser(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with (
        server("--folder", str(study), patience=600) as (_, address),
        Browser(tmp_path_factory.mktemp("profile"), address) as browser,
    ):
        yield browser


def shown(value: float) -> str:
    """A number as the pages write it."""
    return repr(value).removesuffix(".0")


def test_the_first_page_lists_studies_with_their_questions(browser: Browser) -> None:
    text = browser.open("", "architectures", QUESTION)
    assert "Welcome to MLflow" not in text
    assert "Ask a question" not in text, "the assistant takes a quarter of the width"


def test_the_page_of_a_study_links_to_its_results_with_the_best_run_first(browser: Browser, runs: list[Run]) -> None:
    browser.open("#/experiments/1", QUESTION, "architectures · 4 runs")
    link = browser.driver.find_element("link text", "Table of results").get_attribute("href")
    assert link == f"{browser.address}/{TABLE}"

    best_first = sorted(runs, key=lambda run: -run.data.metrics["test/accuracy"])
    losses = [shown(run.data.metrics["test/loss"]) for run in best_first]
    accuracies = [shown(run.data.metrics["test/accuracy"]) for run in best_first]
    text = browser.open(TABLE, *NAMES, "architecture.filter_sizes", *losses, *accuracies)
    browser.keep("mlflow_study.png")
    assert [line for line in text.splitlines() if line in losses] == losses


def test_the_page_of_a_run_tells_question_settings_and_result(browser: Browser, runs: list[Run]) -> None:
    run = runs[1]
    metrics = run.data.metrics
    result = f"Result: test accuracy {100 * metrics['test/accuracy']:.2f} %, loss {metrics['test/loss']:.3f}, "
    digest = run.data.tags["data.digest"][:8]
    text = browser.open(
        f"#/experiments/1/runs/{run.info.run_id}", "Parameters (", QUESTION, result, f"textures ({digest})", "Training"
    )
    browser.keep("mlflow_run.png")
    assert f"Metrics ({len(metrics)})" in text
    assert len(metrics) <= 20, "the pages slow down"
    for name, value in metrics.items():
        assert f"\n{name}\n{shown(value)}\n" in text
    for name, setting in run.data.params.items():
        assert f"\n{name}\n{setting}\n" in text


def test_a_comparison_of_four_runs_tells_them_apart_by_names_settings_and_results(
    browser: Browser, runs: list[Run]
) -> None:
    ids = quote(json.dumps([run.info.run_id for run in runs]))
    losses = [shown(round(run.data.metrics["test/loss"], 3)) for run in runs]
    page = f"#/compare-runs?runs={ids}&experiments={quote(json.dumps(['1']))}"
    text = browser.open(page, "Run details", *NAMES, *losses)
    assert "Comparing 4 Runs from 1 Experiment" in text
    for run in runs:
        assert run.data.params["architecture.filter_counts"] in "".join(text.split())


def test_curves_of_four_runs_lie_in_one_chart_by_the_set_of_images(browser: Browser, runs: list[Run]) -> None:
    legends = [f"{name} (test/{score})" for name in NAMES for score in ("accuracy", "loss")]
    browser.open(f"{TABLE}&compareRunsMode=CHART", "\ntest\n(3)\n", "\ntrain\n(5)\n", *legends)
    browser.count(".js-plotly-plot .scatterlayer .trace", 3 * len(runs))
    browser.keep("mlflow_curves.png")


def test_a_run_keeps_pictures_that_are_seen(browser: Browser, runs: list[Run]) -> None:
    browser.open(f"#/experiments/1/runs/{runs[2].info.run_id}/artifacts/filters.png", "filters.png", "curves.png")
    browser.count("img[src^='blob:'], img[src*='filters.png']", 1)
