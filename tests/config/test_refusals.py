"""Settings that can't be run: one readable line, status 2, and nothing left behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException

from patchify.config.catalog import register_resolvers
from patchify.config.composing import register_schemas
from patchify.config.door import ConfigError, explain, to_run
from patchify.config.names import CONF
from tests.conftest import TINY, Command

REFUSED = {
    "seed=abc": "seed must fit its type: Value 'abc'",
    "seed=-1": "seed must be at least 0: got -1; choose 0 or more",
    "seed=1.5": "seed must fit its type",
    "seed=???": "seed must be given",
    "~seed": "seed must be given: it was taken away",
    "~architecture": "architecture must be given",
    "schedle.cycles=3": "schedle must be a known setting: there is none of this name; did you mean schedule?",
    "schedule.cycle=3": "none of this name; did you mean schedule.cycles?",
    "+foo=1": "foo must be a known setting",
    "+schedule.foo=1": "schedule.foo must be a known setting",
    "architecture=arch9": "architecture=arch9 must name an option: there is no arch9; did you mean arch",
    "experiment=lnger": "experiment=lnger must name an option: there is no lnger; did you mean longer?",
    "recipe=with/momentun": "recipe=with/momentun must name an option: there is no with/momentun; did you mean with/mo",
    "recipe=wth/cosine": "recipe=wth/cosine must name an option: there is no wth/cosine; did you mean with/cosine?",
    "hydra/launcher=locl": "hydra/launcher=locl must name an option: there is no locl; did you mean local?",
    "architecture.filter_sizes=[5]": "architecture.filter_sizes must tile a 32x32 image: "
    "got 5; choose among 1, 2, 4, 8, 16 and 32",
    "architecture.filter_sizes=[4,8]": "architecture.filter_counts must hold one count for each of filter_sizes=[4, 8]",
    "architecture.filter_sizes=[]": "architecture.filter_sizes must not be empty",
    "architecture.filter_counts=[0]": "architecture.filter_counts must be at least 1: got 0",
    "architecture.hidden=[]": "architecture.hidden must not be empty",
    "architecture.hidden=[0]": "architecture.hidden must be at least 1",
    "architecture.hidden=50": "architecture.hidden must fit its type",
    "schedule.eta_min=1": "schedule.eta_min must not exceed eta_max=0.1: got 1.0",
    "schedule.eta_max=nan": "schedule.eta_max must be positive and finite: got nan",
    "schedule.cycles=0": "schedule.cycles must be at least 1: got 0",
    "schedule.growth=1e200": "schedule.growth must keep 3 cycles, the first of 4, below some ten million updates",
    "schedule.growth=0.5": "schedule.growth must be at least 1 and finite",
    "study=Default": "study must not be MLflow's own experiment",
    "schedule.step_size=0": "schedule.step_size must be at least 1: got 0",
    "regularizer.l2=-1": "regularizer.l2 must be at least 0: got -1.0",
    "regularizer.label_smoothing=1": "regularizer.label_smoothing must lie in [0, 1): got 1.0",
    "optimizer.momentum=1": "optimizer.momentum must lie in [0, 1)",
    "optimizer.nesterov=true": "optimizer.nesterov must be false without momentum: got True; choose a momentum",
    "optimizer.beta1=0.8": "optimizer.beta1 must be a known setting: there is none of this name; did you mean optim",
    "regularizer.dropout_hidden=1": "regularizer.dropout_hidden must lie in [0, 1): got 1.0; choose 0 for none",
    "preconditioning.whiten=-1": "preconditioning.whiten must be finite and at least 0: got -1.0; choose about 0.1",
    "augmentation.shift=40": "augmentation.shift must lie in 0..31 pixels: got 40; choose about 4",
    "augmentation.cutout=33": "augmentation.cutout must lie in 0..32 pixels: got 33; choose about 8",
    "augmentation.border=mirror": "augmentation.border must fit its type: Invalid value 'mirror', expected one of [z",
    "augmentation=flipp": "augmentation=flipp must name an option: there is no flipp; did you mean flip?",
    "evaluation.parameters=mean": "evaluation.parameters must fit its type: Invalid value 'mean', expected one of",
    "evaluation.ema_decay=1": "evaluation.ema_decay must lie between 0 and 1: got 1.0; choose about 0.999",
    "evaluation.view_shift=-1": "evaluation.view_shift must be at least 0: got -1",
    "schedule.warmup=5": "schedule.warmup must be a known setting: there is none of this name",
    "batch_size=0": "batch_size must be at least 1: got 0",
    "batch_size=251": "batch_size must not exceed the 250 training images: got 251; choose 250 or fewer",
    "threads=0": "threads must be at least 1: got 0",
    "record_every=0": "record_every must be at least 1: got 0",
    "dtype=float16": "dtype must fit its type: Invalid value 'float16', expected one of [float32, float64]",
    "data.validation=300": "data.validation must leave training images of the 300 there are: got 300",
    "data=nothing": "data=nothing must name an option: there is no nothing; choose among cifar10, textures",
    "study=a/b": "study must be a name of letters, digits, - _ .: got 'a/b'",
    "seed": "'seed' must read KEY=VALUE",
}


@pytest.fixture
def conf() -> Iterator[None]:
    """Hydra ready to compose."""
    register_schemas()
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


@pytest.mark.usefixtures("conf")
@pytest.mark.parametrize("override", REFUSED)
def test_a_setting_that_cannot_be_run_is_refused_by_key_rule_value_and_remedy(override: str) -> None:
    with pytest.raises((ConfigError, HydraException)) as refusal:
        to_run(compose("config", [*TINY, override]))
    message = explain(refusal.value)
    assert REFUSED[override] in message
    assert "\n" not in message


@pytest.mark.parametrize("override", ["seed=-1", "schedle.cycles=3", "+foo=1", "architecture=arch9", "seed"])
def test_a_refused_command_line_prints_one_line_and_leaves_nothing(
    override: str, patchify: Command, tmp_path: Path
) -> None:
    outcome = patchify(*TINY, override)
    assert outcome.status == 2
    assert outcome.err.startswith(f"patchify: {REFUSED[override]}")
    assert outcome.err.count("\n") == 1, "no traceback"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("conf")
def test_a_run_that_leaves_the_test_images_alone_needs_others_to_be_judged_by() -> None:
    rule = "evaluation.test must be true without validation images: got false; set data.validation=5000"
    with pytest.raises(ConfigError, match=rule):
        to_run(compose("config", [*TINY, "evaluation.test=false", "data.validation=0"]))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("experiment=longer,baseline", "experiment=longer,baseline must have one value"),
        ("study=a,b", "study=a,b must have one value"),
        ("plan=true,false", "plan=true,false must have one value"),
        ("tracking.folder=a,b", "tracking.folder=a,b must have one value"),
        ("architecture=[arch1,arch2]", "architecture must name one option: got a list"),
        ("recipe=[with/momentum,with/dropout]", "recipe must name one option: got a list; write recipe=A,B to sweep"),
        ("hydra.job.chdir=true", "hydra.job.chdir must be false"),
    ],
)
def test_what_the_jobs_of_a_sweep_must_share_is_refused_before_any_of_them(
    override: str, message: str, patchify: Command, tmp_path: Path
) -> None:
    outcome = patchify(*TINY, override)
    assert (outcome.status, list(tmp_path.iterdir())) == (2, [])
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_second_refusal_in_one_process_is_as_short_as_the_first(patchify: Command) -> None:
    assert patchify("seed=-1").err == patchify("seed=-1").err


def test_all_jobs_of_a_sweep_are_checked_before_the_first_runs(patchify: Command, tmp_path: Path) -> None:
    outcome = patchify("-m", *TINY, "seed=0,1", "batch_size=50,9999", "tracking.uri=http://ann:hunter2@127.0.0.1:9")
    assert outcome.status == 2
    assert "batch_size must not exceed the 250 training images: got 9999" in outcome.err
    assert "batch_size=9999" in outcome.err.partition("in the job")[2], "the job is named"
    assert "hunter2" not in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ["++tracking.uri=http://ann:hunter2@127.0.0.1:9", "batch_size=50,9999"],
        ["tracking.uri=http://ann:hunter2@127.0.0.1:9,http://b"],
        ["tracking.uri=[http://ann:hunter2@127.0.0.1:9"],
    ],
)
def test_a_password_in_a_refused_word_is_not_shown(patchify: Command, words: list[str]) -> None:
    outcome = patchify("-m", *TINY, "seed=0,1", *words)
    assert outcome.status == 2
    assert "hunter2" not in outcome.err


def test_the_traceback_is_shown_when_asked_for(patchify: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(Exception, match="seed must be at least 0"):
        patchify(*TINY, "seed=-1")
