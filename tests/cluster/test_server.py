"""A team's server, as the page docs/server.md sets it up: real PostgreSQL, MLflow with users, nginx."""

import os
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from patchify.journal.folder import run_folders
from patchify.store.opening import Store
from patchify.stored.histories import histories
from patchify.stored.runs import stored_runs, study_names
from patchify.sweep.tracked import reached
from tests.cluster.postgres import PASSWORD
from tests.cluster.team import Team
from tests.conftest import TINY
from tests.in_store import assert_nothing_is_left, finished, runs
from tests.load.writing import write_all
from tests.processes import Started, patchify, wait_until

SERVE, NGINX = "bash serve.sh", 'nginx -p "$PWD" -c nginx.conf -g "daemon off;"'
SERVER = ["tracking=server", *TINY]
ARCHITECTURES = 4
WRITERS, RUNS = 16, 1000
RECORDS = int(os.environ.get("PATCHIFY_RECORDS", "4"))
"""Of each of these runs; `make load` has more."""


def test_the_page_is_followed_from_a_study_to_copies_and_no_password_is_written_anywhere(ann: Team) -> None:
    own = ["study=of-her-own", *TINY, "seed=0,1", f"tracking.folder={ann.folder}/mlruns"]
    here = {**ann.environment(), "MLFLOW_TRACKING_URI": ""}
    subprocess.run(["patchify", "-m", *own], cwd=ann.folder, env=here, check=True, capture_output=True)
    ann.follow("Use it")
    assert len([run for run in runs(ann.address, "architectures") if "run_key" in run.data.tags]) == ARCHITECTURES
    assert len(finished(ann.address, "of-her-own")) == 2
    assert (ann.folder / "experiments" / "architectures" / "results.csv").is_file()
    assert_nothing_is_left(ann.folder / "mlruns")
    ann.follow("Back it up")
    secrets = {"ann": ann.password("ann"), "admin": ann.password("admin"), "the database": PASSWORD}
    kept = {ann.folder / "ann.password", ann.folder / "secrets" / "admin.password"}
    reading = ["pg_restore", "--file=-", "mlflow.dump"]
    dump = subprocess.run(reading, cwd=ann.folder, env=ann.environment(), check=True, capture_output=True)
    for user, secret in secrets.items():
        found = [path for path in ann.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
        assert set(found) <= kept, f"the password of {user}"
        assert secret.encode() not in dump.stdout


def test_a_wrong_password_is_said_before_anything_is_made(ann: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hers-once")
    for words in (["-m", "seed=0,1"], ["seed=0"], ["plan=true"]):
        outcome = patchify(*SERVER, *words)
        assert outcome.status == 1
        assert outcome.err == (
            f"patchify: the store {ann.address} does not know us (401): put user and password into "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or into ~/.netrc\n"
        )
    assert list(run_folders(Path("mlruns"))) == []


def test_netrc_has_user_and_password_too(ann: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME")
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1\nlogin ann\npassword {ann.password('ann')}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert patchify(*SERVER, "study=netrc", "seed=3").status == 0
    assert len(finished(ann.address, "netrc")) == 1


def test_a_restart_in_the_middle_of_a_sweep_loses_nothing(ann: Team) -> None:
    study = ["-m", *TINY[:-1], "schedule=constant", "schedule.updates=20000", "record_every=500", "seed=0,1,2,3"]
    sweep = Started("tracking=server", "study=restarted", *study)
    wait_until(lambda: len(list(run_folders(Path("mlruns")))) >= 2)
    ann.stop(SERVE)
    time.sleep(3)
    ann.start(SERVE)
    assert sweep.end().status == 0
    assert Started(command="patchify-sync").end().status == 0
    assert patchify(*study, "study=restarted", "tracking.uri=null", "tracking.folder=here").status == 0
    there, here = (
        finished(ann.address, "restarted"),
        finished(f"sqlite:///{Path('here/mlflow.db').resolve()}", "restarted"),
    )
    assert there == here
    assert_nothing_is_left(Path("mlruns"))


def test_sixteen_writers_of_a_thousand_runs_lose_nothing(ann: Team) -> None:
    began = time.monotonic()
    written = write_all(Path("mlruns"), ann.public, "many", runs=RUNS, records=RECORDS, writers=WRITERS)
    seconds = time.monotonic() - began
    ask = ["psql", "--no-align", "--tuples-only", "--dbname=mlflow", "--command=SELECT pg_database_size('mlflow')"]
    size = int(subprocess.run(ask, env=ann.environment(), check=True, capture_output=True).stdout)
    print(f"\n{RUNS} runs of {RECORDS} records by {WRITERS} writers: {seconds:.0f} s; database: {size / 2**20:.0f} MB")
    print("processor time of the servers, in s:", ann.processor_time())
    store = Store(address="postgresql+psycopg:///mlflow", database=None)
    found = stored_runs(store, "many")
    assert Counter(run.tags["run_key"] for run in found) == dict.fromkeys(written, 1)
    assert {run.status for run in found} == {"FINISHED"}
    table = histories(store, found)
    keys = {run.id: run.tags["run_key"] for run in found}
    counts = Counter(keys[run] for run in table["run_id"])
    assert counts == dict.fromkeys(written, RECORDS)
    assert_nothing_is_left(Path("mlruns"))


def test_the_database_itself_gives_what_the_server_gives(ann: Team) -> None:
    assert patchify(*SERVER, "-m", "study=asked", "seed=4,5").status == 0
    server, database = (
        Store(address=address, database=None) for address in (ann.address, "postgresql+psycopg:///mlflow")
    )
    assert study_names(server) == study_names(database)
    found = stored_runs(server, "asked")
    assert found == stored_runs(database, "asked")
    assert histories(server, found).equals(histories(database, found))


def test_a_restored_copy_has_what_the_server_had(ann: Team) -> None:
    assert patchify(*SERVER, "study=kept", "seed=6").status == 0
    before = finished(ann.address, "kept")
    ann.follow("Back it up")
    assert patchify(*SERVER, "study=after", "seed=7").status == 0
    ann.stop(SERVE)
    (ann.folder / "artifacts").rename(ann.folder / "artifacts.old")
    ann.follow("Restore it")
    ann.start(SERVE)
    store = reached(ann.address, "mlruns")
    assert store
    assert finished(ann.address, "kept") == before
    assert "after" not in study_names(store)


def test_an_older_database_is_upgraded(ann: Team) -> None:
    older = "postgresql+psycopg:///older"
    subprocess.run(["createdb", "older"], env=ann.environment(), check=True)
    subprocess.run(["python", "-c", MAKE_OLDER], env=ann.environment(), check=True, capture_output=True)
    ann.stop(SERVE)
    ann.follow("Upgrade it", **{"mlflow db upgrade postgresql+psycopg:///mlflow": f"mlflow db upgrade {older}"})
    ann.start(SERVE)
    assert study_names(Store(address=older, database=None)) == ["widths"]


MAKE_OLDER = """
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import create_engine, text

engine = create_engine("postgresql+psycopg:///older")
Base.metadata.create_all(engine)
config = _get_alembic_config("")
with engine.begin() as config.attributes["connection"]:
    command.upgrade(config, "bf29a5ff90ea")
with engine.begin() as connection:
    connection.execute(text("INSERT INTO experiments (name, lifecycle_stage) VALUES ('widths', 'active')"))
"""
"""A database of an MLflow of some time ago, by its own migrations, with one study."""
