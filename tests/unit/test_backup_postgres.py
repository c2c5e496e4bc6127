"""The scripts that dump and restore, on a PostgreSQL of this machine; and the pod that they run in."""

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.clients.cluster_api import DEPLOYMENT, POD
from components.errors import SlipwayError
from components.settings import parse_settings
from tests.unit.fake_cluster import FakeCluster
from tools import stack_file
from tools.backup import postgres
from tools.backup.places import Deployment
from tools.backup.postgres import Postgres
from tools.backup.without_models import WithoutModels
from tools.embedded import ports

BINARIES = next((str(path.parent) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
SCHEMA = """
create table alembic_version (version_num text); insert into alembic_version values ('head-1');
create table runs (name text); create table registered_models (name text primary key);
create table model_versions (name text references registered_models, version int, status text, current_stage text,
  storage_location text, source text);
create table logged_models (model_id text, artifact_location text, status int, lifecycle_stage text);
"""
USED = """
insert into runs select 'run ' || n from generate_series(1, 1000) as n;
insert into registered_models values ('wi"ne''s');
insert into model_versions values ('wi"ne''s', 1, 'READY', 'None', 'mlflow-artifacts:/1/m', '');
"""


@dataclass(frozen=True)
class Here(Postgres):
    """A database whose tools run on this machine, in a folder."""

    folder: Path
    uri: str

    def _run(self, script: str, **streams: Any) -> str:
        env = {**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}", "DATABASE_URI": self.uri}
        command = ["sh", "-c", f"cd {self.folder}\n{script}"]
        done = subprocess.run(
            command,
            env=env,
            stdin=streams.get("given"),
            stdout=streams.get("taken") or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise SlipwayError(done.stderr.decode())
        return "" if streams.get("taken") else done.stdout.decode()

    def sql(self, text: str) -> str:
        url = self.uri.replace("+psycopg2", "")
        return self._run(f"psql --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \"{url}\" <<'END'\n{text}\nEND")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not BINARIES:
        pytest.skip("no PostgreSQL server on this machine")
    folder = tmp_path_factory.mktemp("postgres")
    # The server refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else getpass.getuser()
    for each in (folder, *folder.parents[:3]):
        each.chmod(0o755)
    shutil.chown(folder, user)
    [port] = ports.free(1)
    run: dict[str, Any] = {"user": user, "cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}}
    data = str(folder / "data")
    options = ["--pgdata", data, "--auth", "trust", "--username", "mlflow", "--no-sync"]
    subprocess.run([f"{BINARIES}/initdb", *options], check=True, capture_output=True, **run)
    listening = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F"]
    with subprocess.Popen([f"{BINARIES}/postgres", "-D", data, *listening], **run) as process:
        for _ in range(300):
            ready = subprocess.run([f"{BINARIES}/pg_isready", "-h", "127.0.0.1", "-p", str(port)], check=False)
            if ready.returncode == 0:
                break
            time.sleep(0.2)
        yield f"postgresql+psycopg2://mlflow:p%40ss@127.0.0.1:{port}"
        process.terminate()


New = Callable[[str], Here]


@pytest.fixture
def new(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> New:
    # Whatever the machine's client is: here it is asked of a server of its own.
    monkeypatch.delenv("PGHOST", raising=False)

    def made(name: str) -> Here:
        folder = tmp_path / name
        folder.mkdir()
        Here(FakeCluster(), "", "", folder, f"{server}/postgres").sql(f"drop database if exists {name}; ")
        Here(FakeCluster(), "", "", folder, f"{server}/postgres").sql(f"create database {name}")
        database = Here(FakeCluster(), "", "", folder, f"{server}/{name}")
        database.sql(SCHEMA)
        return database

    return made


def test_what_the_dump_holds_comes_back_and_the_facts_are_of_its_moment(new: New, tmp_path: Path) -> None:
    old, empty = new("old"), new("new")
    old.sql(USED)
    facts = old.dump(tmp_path / "dump")
    assert (facts.engine, facts.schema) == ("postgresql", {"alembic_version": "head-1"})
    assert (facts.rows["runs"], facts.rows["registered_models"], facts.rows["logged_models"]) == (1000, 1, 0)
    assert facts.models == [["wi\"ne's version 1", "mlflow-artifacts:/1/m"]]
    assert empty.facts().used == {}
    empty.restore(tmp_path / "dump")
    assert empty.facts() == facts
    assert empty.sql("select name from registered_models") == "wi\"ne's\n"
    # Over itself, as after an interruption.
    empty.restore(tmp_path / "dump")
    assert empty.facts() == facts


def test_a_database_takes_a_dump_whole_or_not_at_all(new: New, tmp_path: Path) -> None:
    old, empty = new("old"), new("new")
    old.sql(USED)
    old.dump(tmp_path / "dump")
    content = (tmp_path / "dump").read_bytes()
    (tmp_path / "dump").write_bytes(content[: len(content) - 200])
    with pytest.raises(SlipwayError, match="pg_restore: error"):
        empty.restore(tmp_path / "dump")
    assert empty.facts().used == {}


def test_a_dump_is_of_one_moment_whatever_is_written_meanwhile(new: New, tmp_path: Path) -> None:
    old, empty = new("old"), new("new")
    old.sql(USED)
    env = {**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}"}
    url = old.uri.replace("+psycopg2", "")
    busy = "while :; do echo \"insert into runs values ('meanwhile');\"; done"
    with subprocess.Popen(["sh", "-c", f'{busy} | psql --quiet "{url}"'], env=env, start_new_session=True) as writer:
        try:
            while int(old.sql("select count(*) from runs")) == 1000:
                time.sleep(0.05)
            facts = old.dump(tmp_path / "dump")
        finally:
            os.killpg(writer.pid, 15)
    empty.restore(tmp_path / "dump")
    assert empty.facts().rows == facts.rows
    assert facts.rows["runs"] > 1000


def test_a_database_without_mlflow_is_said(new: New, tmp_path: Path) -> None:
    database = new("old")
    database.sql("drop table model_versions")
    with pytest.raises(SlipwayError, match='relation "model_versions" does not exist'):
        database.dump(tmp_path / "dump")


def settings_of(name: str, **changes: Any) -> Any:
    return parse_settings({**stack_file.settings_of(stack_file.effective(stack_file.path_of(name))), **changes})


def test_the_pod_has_the_tools_of_the_databases_own_version_and_no_privileges() -> None:
    pod = postgres.pod(settings_of("dev"), "backup-1")
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == "backup"
    [container] = pod["spec"]["containers"]
    assert container["image"].startswith("docker.io/library/postgres:17")
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert "valueFrom" in container["env"][0]
    [clustered] = postgres.pod(settings_of("prod"), "backup-1")["spec"]["containers"]
    assert clustered["image"].startswith("ghcr.io/cloudnative-pg/postgresql:17")


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_every_stack_can_be_made_without_its_models_first(name: str) -> None:
    stack = WithoutModels(name)
    assert parse_settings(stack.values).models == ()
    assert stack.content["config"].keys() | {"slipway:models"} == stack_file.effective(stack.file)["config"].keys()


def test_an_image_that_only_models_need_goes_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(
        Path("Pulumi.dev.yaml").read_text() + "  slipway:images: {python-3.11: python:3.11, postgres: postgres:17.6}\n"
    )
    monkeypatch.chdir(tmp_path)
    assert parse_settings(WithoutModels("dev").values).images == {"postgres": "postgres:17.6"}


def test_mlflows_servers_are_away_while_the_data_is_filled_and_come_back_as_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, seen = FakeCluster(), []
    cluster.add(DEPLOYMENT, "mlflow", "mlops", spec={"replicas": 2}, status={"readyReplicas": 2})
    monkeypatch.setattr(cluster, "patch", lambda path, change: seen.append((path.rpartition("/")[2], change)))
    with Deployment(cluster, "mlops", 2).paused():
        assert seen == [("mlflow", {"spec": {"replicas": 0}})]
    assert seen[1:] == [("mlflow", {"spec": {"replicas": 2}})]
    seen.clear()

    def fail() -> None:
        with Deployment(cluster, "mlops", 2).paused():
            raise SlipwayError("the store is full")

    with pytest.raises(SlipwayError, match="the store is full"):
        fail()
    assert seen[-1] == ("mlflow", {"spec": {"replicas": 2}})
    with pytest.raises(SlipwayError, match="there is no MLflow in the namespace elsewhere"):
        Deployment(cluster, "elsewhere", 1).require()


def test_a_pod_that_does_not_start_is_said_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = FakeCluster()
    made: list[dict[str, Any]] = []

    def create(kind: Any, body: dict[str, Any]) -> None:
        made.append(body)
        cluster.add(kind, body["metadata"]["name"], "mlops", status={"phase": "Failed", "reason": "Evicted"})

    monkeypatch.setattr(cluster, "create", create)
    with pytest.raises(SlipwayError, match=r"does not run:.*Evicted"), postgres.opened(cluster, settings_of("dev")):
        pass
    assert made
    assert not cluster.list(POD)
