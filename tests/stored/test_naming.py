"""A run is found by what a person calls it, or the answer says what there is."""

import re

import pytest

from patchify.store import StoreError
from patchify.store.opening import Store
from patchify.stored.naming import named_run

KEY = "abcdef" + 58 * "0"


def trained(store: Store, key: str, *, study: str = "widths", status: str = "FINISHED", **scores: float) -> str:
    """Id of a run that was made after those before it and ended with these accuracies."""
    name = f"arch1 · {key[:3]}"
    tags = {"run_key": key, "data": "textures"} if key else {}
    made = store.client.create_run(store.experiment(study), run_name=name, tags=tags).info
    for images, accuracy in scores.items():
        store.client.log_metric(made.run_id, f"{images}/accuracy", accuracy)
    store.client.set_terminated(made.run_id, status)
    return str(made.run_id)


def refusal(store: Store, name: str) -> str:
    """What is said of a name that no single finished run has."""
    with pytest.raises(StoreError) as raised:
        named_run(store, name)
    return str(raised.value)


def test_a_run_is_found_by_its_id_its_key_and_how_they_begin(local: Store) -> None:
    run = trained(local, KEY, test=0.5, validation=0.6)
    trained(local, "f" * 64, study="other", test=0.7)
    for name in (run, run[:6], KEY, KEY[:6]):
        found = named_run(local, name)
        assert found.run.id == run
        assert found.about == f"arch1 · abc (run {run[:8]}), trained on textures: test accuracy 50.0 %"


def test_of_runs_with_one_key_the_finished_one_that_was_started_last_is_meant(local: Store) -> None:
    trained(local, KEY, test=0.5)
    last = trained(local, KEY, test=0.5)
    trained(local, KEY, status="FAILED")
    assert named_run(local, KEY[:6]).run.id == last


def test_the_best_of_a_study_has_the_best_test_accuracy_and_without_any_validation_accuracy(local: Store) -> None:
    trained(local, "a" * 64, validation=0.9)
    best = trained(local, "b" * 64, test=0.7, validation=0.7)
    trained(local, "c" * 64, test=0.6, validation=0.8)
    trained(local, "d" * 64, test=0.8, status="KILLED")
    trained(local, "")
    found = named_run(local, "best:widths")
    assert found.run.id == best
    assert found.about.endswith(": test accuracy 70.0 %, the best of 2 finished runs of widths")
    alone = trained(local, "e" * 64, study="search", validation=0.4)
    found = named_run(local, "best:search")
    assert found.run.id == alone
    assert found.about.endswith(": validation accuracy 40.0 %, the best of one finished run of search")


def test_a_beginning_of_several_runs_asks_for_more(local: Store) -> None:
    runs = [trained(local, f"abcdef{digit * 58}", test=0.5) for digit in "01"]
    said = refusal(local, "abcdef")
    assert said.startswith("RUN must be one run: abcdef is how 2 begin; give more letters: ")
    for run in runs:
        assert run in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("abcdee", "there is no run abcdee in sqlite:///.*: did you mean RUN?"),
        ("abcde", "at least the first 6 letters of one: got 'abcde'; did you mean RUN?"),
        ("arch1 abc", "RUN must be best:STUDY, or a run's id or key, .* got 'arch1 abc'; did you mean RUN?"),
        ("widths", "got 'widths'; did you mean best:widths"),
        ("best:width", "the study width is not in sqlite:///.*: did you mean best:widths"),
        ("best:begun", "the study begun has no finished run: there are best:widths; patchify-ui shows all runs"),
        ("' OR", 'got "\' OR"; there are best:widths; patchify-ui'),
    ],
)
def test_for_a_name_of_no_run_the_nearest_are_named(local: Store, name: str, said: str) -> None:
    run = trained(local, KEY, test=0.5)
    trained(local, "1" * 64, study="begun", status="RUNNING")
    assert re.search(said.replace("RUN?", re.escape(f"{run[:8]} (arch1 · abc)")), refusal(local, name))


def test_a_sweep_and_a_run_that_is_not_done_are_no_networks(local: Store) -> None:
    sweep = trained(local, "")
    assert refusal(local, sweep) == (
        f"RUN must be one run: {sweep} is the sweep 'arch1 · '; name one of its runs, or best:STUDY"
    )
    broken = trained(local, KEY, status="FAILED")
    assert refusal(local, broken) == "RUN must be finished: 'arch1 · abc' is FAILED; train it to its end first"
    assert "it holds no finished run yet; train first" in refusal(local, "best:widths")
