"""Which runs count, what they are called, and how sure their means are."""

from dataclasses import replace

import pytest

from patchify.config.identity import settings
from patchify.core.training.schedules import Constant, Cyclic
from patchify.stored.run import StoredRun
from patchify.study.intervals import interval
from patchify.study.names import names_of
from patchify.study.results import cycle_ends, differing, train_flops
from patchify.sweep.plan import plan
from tests.sweep.test_loading import SMALL, a_run


def run(id: str, label: str, **params: str) -> StoredRun:  # noqa: A002 - the field's name
    return StoredRun(
        id=id, study="widths", status="FINISHED", started=0, params=params, tags={"label": label}, metrics={}
    )


def names(*runs: StoredRun) -> list[str]:
    return list(names_of(runs, differing(runs)).values())


def test_a_group_is_called_by_the_label_of_its_runs() -> None:
    assert names(run("a", "arch1", f="2"), run("b", "arch2", f="4")) == ["arch1", "arch2"]


def test_what_all_labels_share_is_left_out() -> None:
    found = names(run("a", "arch1 · step_size=9", f="2"), run("b", "arch2 · step_size=9", f="4"))
    assert found == ["arch1", "arch2"]


def test_runs_of_equal_settings_are_one_group_however_they_were_typed() -> None:
    assert names(run("a", "arch2", f="4", seed="0"), run("b", "arch2 · threads=1", f="4", seed="1")) == ["arch2"] * 2


def test_groups_of_one_label_are_told_apart_by_their_settings() -> None:
    found = names(run("a", "arch2", **{"data.split_seed": "0"}), run("b", "arch2", **{"data.split_seed": "1"}))
    assert found == ["arch2 · split_seed=0", "arch2 · split_seed=1"]


def test_groups_of_one_label_are_told_apart_by_the_settings_in_which_they_themselves_differ() -> None:
    found = names(run("a", "arch2", f="4", g="1"), run("b", "arch2", f="4", g="2"), run("c", "arch5", f="8", g="3"))
    assert found == ["arch2 · g=1", "arch2 · g=2", "arch5"]


def test_a_label_that_says_a_setting_is_no_other_groups_name() -> None:
    found = names(
        run("a", "arch2", f="4", g="1"), run("b", "arch2", f="4", g="2"), run("c", "arch2 · g=2", f="8", g="2")
    )
    assert found == ["arch2 · g=1", "arch2 · g=2 · f=4", "arch2 · g=2 · f=8"]


def test_a_setting_that_one_label_states_all_labels_of_that_network_state() -> None:
    default = run("a", "arch2", hidden="[50]", rate="0.1")
    others = [
        run("b", "arch2 · hidden=[100]", hidden="[100]", rate="0.1"),
        run("c", "arch2 · rate=0.2", hidden="[50]", rate="0.2"),
        run("d", "arch3", hidden="[10, 20]", rate="0.1"),
    ]
    expected = ["arch2 · hidden=[50] · rate=0.1", "arch2 · hidden=[100] · rate=0.1", "arch2 · hidden=[50] · rate=0.2"]
    assert names(default, *others) == [*expected, "arch3"]
    typed = run("a", "arch2 · hidden=[50]", hidden="[50]", rate="0.1")
    assert names(typed, *others) == [*expected, "arch3"]


def test_an_interval_is_students_t_of_the_mean() -> None:
    # t(0.975, 2) = 4.3027; s = 0.02; 4.3027 * 0.02 / sqrt(3) = 0.04968
    found = interval([0.50, 0.52, 0.54])
    assert found.n == 3
    assert found.mean == pytest.approx(0.52)
    assert found.half_width == pytest.approx(0.04968, rel=1e-3)


def test_a_single_run_has_no_interval() -> None:
    assert interval([0.5]).half_width is None


def test_the_operations_of_a_run_are_those_that_the_plan_counts_for_its_updates() -> None:
    short, long = (
        replace(a_run(SMALL), schedule=Constant(eta=0.1, updates=updates), record_every=updates) for updates in (10, 25)
    )
    counted, counted_long = (
        train_flops(run("a", "arch2", **settings(made)), made.schedule.total) for made in (short, long)
    )
    planned, planned_long = plan([short, long], [["seed=0"]] * 2)
    assert planned_long.operations - planned.operations == counted_long - counted, "evaluated alike, twice"
    assert counted_long == 2.5 * counted > 0


def test_the_ends_of_cycles_are_read_from_a_runs_settings() -> None:
    cycles = Cyclic(eta_min=1e-5, eta_max=0.1, cycles=3, step_size=100, growth=2.0, decay=1.0)
    found = settings(replace(a_run(SMALL), schedule=cycles))
    assert cycle_ends(run("a", "arch1", **found)) == [200, 600]
    steady = settings(replace(a_run(SMALL), schedule=Constant(eta=0.1, updates=100)))
    assert cycle_ends(run("a", "arch1", **steady)) == []
