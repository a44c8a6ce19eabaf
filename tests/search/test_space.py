"""A search is read from YAML, and refused there for what some of its trials could not be."""

from pathlib import Path

import pytest

from patchify.config.door import ConfigError
from patchify.config.search import Sampler, read_search
from tests.conftest import Command
from tests.search.spaces import L2, written

REFUSED = {
    "  regularizer.l2: {low: 0.1, high: 0.01}": "low must be below high=0.01, both finite: got 0.1",
    "  regularizer.l2: {low: 0, high: 1, log: true}": "space.regularizer.l2.low must be positive where log is true",
    "  regularizer.l2: {low: 0.1}": "space.regularizer.l2.low and high must be given unless there are choices",
    "  regularizer.l2: {low: 0.1, hihg: 1}": "must be a known setting: there is none of this name; did you mean",
    "  regularizer.l2: {low: much, high: 1}": "low must fit its type",
    "  regularizer.l2: {low: 1e-3, high: .inf}": "space.regularizer.l2.low must be below high=inf, both finite",
    "  regularizer.l2: {low: 1e-3, high: 1, choices: [1]}": "space.regularizer.l2.choices must stand alone",
    "  regularizer.l2: {choices: [1]}": "space.regularizer.l2.choices must be two at least",
    "  regularizer.l2: {choices: [1, 1]}": "space.regularizer.l2.choices must be two at least",
    "  architecture.hidden: {choices: [[1], [2]]}": "must be numbers or text: got [[1], [2]]; write a list as",
    "  regularizer.l3: {low: 0.1, high: 1}": "regularizer.l3 must be a known setting: there is none of this name",
    "  regularizer.l2: {low: -1, high: 1}": "regularizer.l2 must be at least 0: got -1.0",
    "  optimizer: {choices: [sgd, adam]}": "optimizer=adam must name an option: there is no adam; did you mean adamw?",
    "  schedule.cycles: {low: 1, high: 2}": "schedule.cycles must be left to the search: got a value; take",
    "  evaluation.test: {choices: [0, 1]}": "evaluation.test must be left alone",
    "  {}": "space must not be empty",
}


@pytest.mark.parametrize("space", REFUSED)
def test_a_space_with_an_impossible_trial_is_refused_by_key_rule_value_and_remedy(space: str) -> None:
    name, *changes = written(space)
    with pytest.raises(ConfigError) as refusal:
        read_search(name, changes)
    message = str(refusal.value)
    assert REFUSED[space] in message
    assert message.endswith(f"(in tiny.yaml with {' '.join(changes)})")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("question: [", r"a search must be a file of YAML: .*line 1"),
        ("5", "a search must be a file of YAML: .*int"),
        ("- a", "a search must be a mapping of keys to values: got a list"),
        ("{question: How, base: {}, space: {}}", "explore must be given: the file lacks it; add it"),
        ("{question: How, base: {}, space: {}, smapler: tpe}", "smapler must be a known setting.* sampler?"),
    ],
)
def test_a_file_that_is_no_search_is_refused_by_what_it_lacks(text: str, rule: str) -> None:
    Path("mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=rf"{rule}.*\(in mine.yaml\)$"):
        read_search("mine.yaml", [])


@pytest.mark.parametrize(("key", "value"), [("plan", "true"), ("study", "mine"), ("hydra/launcher", "slurm")])
def test_what_a_search_decides_by_itself_is_no_setting_of_its_file(key: str, value: str) -> None:
    name, *changes = written()
    path = Path(name)
    path.write_text(path.read_text().replace("base: {", f"base: {{{key}: {value}, "))
    with pytest.raises(ConfigError, match=f"^{key} must be left alone: got a value"):
        read_search(name, changes)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["l22"], "NAME must name a search: there is no l22; did you mean l2?"),
        (["missing.yaml"], "NAME must name a search: there is no missing.yaml"),
        (["l2", "evaluation.test=true"], "evaluation.test must be left alone"),
        (["l2", "++study=mine"], "study must be left alone"),
        (["l2", "hydra/launcher=slurm"], "hydra/launcher must be left alone"),
        (["l2", "data.validation=0"], "evaluation.test must be true without validation images"),
        (["l2", "regularizer.l2=0.1"], "regularizer.l2 must be left to the search"),
        (["l2", "seed"], "seed must read KEY=VALUE"),
        (["l2", "seed=0,1"], "seed must have one value: got 0,1; what is searched is in the file's space"),
        (["l2", "seed=[0"], "'seed=[0' must read KEY=VALUE: it can't be parsed"),
        (["l2", "sed=1"], "sed must be a known setting: there is none of this name; did you mean seed?"),
    ],
)
def test_a_refused_command_line_prints_one_line_and_leaves_nothing(
    words: list[str], rule: str, search: Command, tmp_path: Path
) -> None:
    outcome = search(*words)
    assert outcome.status == 2
    assert outcome.err.startswith(f"patchify-search: {rule}")
    assert outcome.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["l2", "l2_smoothing", "width", "recipe"])
def test_every_search_that_comes_along_can_be_made_and_sees_no_test_image(name: str) -> None:
    search = read_search(name, ["data=textures"])
    assert search.explore < search.trials
    run = search.composed({key: dimension.ends[0] for key, dimension in search.space.items()}).run
    assert not run.evaluation.test
    assert run.data.validation == 5000


def test_a_range_is_of_whole_numbers_where_both_ends_are() -> None:
    name, *changes = written(f"{L2}\n  architecture.hidden.0: {{low: 10, high: 50}}", sampler="tpe")
    search = read_search(name, changes)
    assert search.sampler is Sampler.tpe
    assert [dimension.whole for dimension in search.space.values()] == [False, True]
    assert search.composed({"architecture.hidden.0": 20}).run.architecture.hidden == [20]


def test_help_names_every_search_with_its_question_in_80_columns(
    search: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcome = search("--help")
    assert outcome.status == 0
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "l2_smoothing     How do L2 regularization and label smoothing balance?" in outcome.out
