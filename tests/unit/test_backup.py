"""A backup has database and artifacts of one moment, and comes back whole or not at all."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from components.errors import SlipwayError
from tests.unit.http_server import served_by
from tools.backup import bringing, stacks, taking
from tools.backup.facts import Facts
from tools.backup.files import Files
from tools.backup.manifest import FILE
from tools.backup.places import Places
from tools.backup.sqlite import Sqlite

TABLES = """
create table alembic_version (version_num text); insert into alembic_version values ('head-1');
create table experiments (name text); insert into experiments values ('Default');
create table runs (name text); create table registered_models (name text);
create table model_versions (
  name text, version int, status text, current_stage text, storage_location text, source text);
create table logged_models (model_id text, artifact_location text, status int, lifecycle_stage text);
"""
MODEL = "1/models/m-1/artifacts"
USED = f"""
insert into runs values ('first'), ('second'); insert into registered_models values ('wine');
insert into model_versions values ('wine', 1, 'READY', 'None', 'mlflow-artifacts:/{MODEL}', 'models:/m-1');
insert into logged_models values ('m-1', 'mlflow-artifacts:/{MODEL}', 2, 'active');
"""
ODD = "1/a name/with ünicode & +%20.txt"
ARTIFACTS = {f"{MODEL}/MLmodel": b"flavors", f"{MODEL}/model.pkl": b"\0" * 3_000_000, ODD: b"x", "1/empty": b""}


class Paused:
    """Servers that count how often they were paused."""

    def __init__(self) -> None:
        self.times = 0

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        self.times += 1
        yield


@dataclass(frozen=True)
class Stack:
    """What a stack keeps, in a folder."""

    folder: Path
    servers: Paused

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def places(self) -> Places:
        return Places(Sqlite(self.database), Files.here(self.store), self.servers)

    def sql(self, text: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            if ";" in text:
                database.executescript(text)
                return []
            return database.execute(text).fetchall()

    def put(self, artifacts: Mapping[str, bytes]) -> None:
        for key, content in artifacts.items():
            path = self.store / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def held(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.store)): p.read_bytes() for p in self.store.rglob("*") if p.is_file()}


New = Callable[[str], Stack]


@pytest.fixture
def new(tmp_path: Path) -> New:
    def made(name: str) -> Stack:
        stack = Stack(tmp_path / name, Paused())
        stack.store.mkdir(parents=True)
        stack.sql(TABLES)
        return stack

    return made


@pytest.fixture
def old(new: New) -> Stack:
    stack = new("old")
    stack.sql(USED)
    stack.put(ARTIFACTS)
    return stack


@pytest.fixture
def backup(old: Stack, tmp_path: Path) -> Files:
    target = Files.here(tmp_path / "backup")
    taking.take("old", old.places, target, "mlflow", ["wine"])
    return target


def brought(stack: Stack, source: Files, *, beside: bool = False) -> None:
    manifest = bringing.read(source)
    bringing.verify(source, manifest)
    bringing.bring(stack.places, source, manifest, beside=beside)


def test_what_comes_back_is_what_was_taken(new: New, old: Stack, backup: Files) -> None:
    stack = new("new")
    brought(stack, backup)
    assert stack.held() == ARTIFACTS == old.held()
    for table in ("runs", "registered_models", "model_versions", "logged_models", "experiments"):
        assert stack.sql(f"select * from {table}") == old.sql(f"select * from {table}") != []
    assert stack.servers.times == 1
    assert old.servers.times == 0


def test_a_backup_is_for_its_user_alone_and_says_what_is_in_it(backup: Files) -> None:
    folder = Path(backup.root)
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    manifest = bringing.read(backup)
    assert {each.key for each in manifest.artifacts} == set(ARTIFACTS)
    assert manifest.owned == ["wine"]
    assert "2 runs, 1 versions of 1 registered models, 4 artifacts" in stacks.described(manifest)


@pytest.mark.parametrize("damage", ["cut", "altered", "missing"])
@pytest.mark.parametrize("file", ["database.dump", "artifacts/00000003", FILE])
def test_a_backup_that_was_cut_or_altered_is_refused_before_anything_is_done(
    new: New, backup: Files, file: str, damage: str
) -> None:
    path = Path(backup.root) / file
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        middle = len(content) // 2
        path.write_bytes(
            content[:middle] + (b"" if damage == "cut" else bytes([content[middle] ^ 1]) + content[middle + 1 :])
        )
    stack = new("new")
    with pytest.raises(SlipwayError):
        brought(stack, backup)
    assert stack.held() == {}
    assert stack.sql("select * from runs") == []
    assert stack.servers.times == 0


def test_a_manifest_that_was_written_in_is_refused(backup: Files) -> None:
    path = Path(backup.root) / FILE
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "owned": ["grapes"]}))
    with pytest.raises(SlipwayError, match="cut or altered"):
        bringing.read(backup)


def test_a_stack_that_is_in_use_is_not_written_over(new: New, backup: Files) -> None:
    stack = new("new")
    stack.sql("insert into runs values ('mine');")
    with pytest.raises(SlipwayError, match="MLflow is in use here: its database has 1 runs"):
        brought(stack, backup)
    assert stack.held() == {}
    assert stack.servers.times == 0


def test_objects_of_others_in_the_store_are_neither_written_over_nor_left_without_a_word(
    new: New, backup: Files
) -> None:
    stack = new("new")
    stack.put({"9/mine": b"mine"})
    with pytest.raises(SlipwayError, match=r"1 objects that are not the backup's, such as 9/mine.*--beside"):
        brought(stack, backup)
    brought(stack, backup, beside=True)
    assert stack.held() == {**ARTIFACTS, "9/mine": b"mine"}
    other = new("other")
    other.put({f"{MODEL}/MLmodel": b"another's"})
    with pytest.raises(SlipwayError, match="empty it"):
        brought(other, backup, beside=True)


def test_the_same_command_goes_on_where_it_was_interrupted(new: New, backup: Files) -> None:
    stack = new("new")
    stack.put({f"{MODEL}/MLmodel": b"flavors"})
    brought(stack, backup)
    assert stack.held() == ARTIFACTS
    # Killed after the database, its servers paused.
    brought(stack, backup)
    assert stack.servers.times == 2


def test_another_schema_of_mlflow_is_refused_with_what_to_do(new: New, backup: Files) -> None:
    stack = new("new")
    stack.sql("update alembic_version set version_num = 'head-2';")
    with pytest.raises(SlipwayError, match=r"slipway:images\.mlflow: the backup has MLflow's schema head-1.*head-2"):
        brought(stack, backup)
    assert stack.held() == {}


def facts(engine: str, server: int) -> Facts:
    return Facts(engine=engine, server=server, schema={"alembic_version": "a"}, rows={}, models=[])


def test_postgresql_takes_a_dump_of_its_own_version_or_an_older_one() -> None:
    bringing.fits(facts("postgresql", 17), facts("postgresql", 17))
    bringing.fits(facts("postgresql", 18), facts("postgresql", 17))
    with pytest.raises(SlipwayError, match="begin with PostgreSQL 17 or newer"):
        bringing.fits(facts("postgresql", 16), facts("postgresql", 17))
    with pytest.raises(SlipwayError, match="the backup is of sqlite, and this stack's database is postgresql"):
        bringing.fits(facts("postgresql", 17), facts("sqlite", 0))


def test_a_model_without_its_files_makes_no_backup(old: Stack, tmp_path: Path) -> None:
    for name in ("MLmodel", "model.pkl"):
        (old.store / MODEL / name).unlink()
    target = Files.here(tmp_path / "backup")
    with pytest.raises(SlipwayError, match=r"2 models that MLflow knows have no files in the store: wine version 1"):
        taking.take("old", old.places, target, "mlflow", ())
    assert not (tmp_path / "backup" / FILE).exists()


def test_files_that_lie_elsewhere_are_said(old: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old.sql("insert into model_versions values ('far', 3, 'READY', 'None', 's3://theirs/x', 's3://theirs/x');")
    taking.take("old", old.places, Files.here(tmp_path / "backup"), "mlflow", ())
    assert "they lie elsewhere: the files of far version 3 (s3://theirs/x)" in capsys.readouterr().out
    missing, elsewhere = Sqlite(old.database).facts().without_files(ARTIFACTS, "theirs")
    assert (missing, elsewhere) == (["far version 3 (s3://theirs/x)"], [])


def test_a_model_that_is_being_logged_or_was_deleted_needs_no_files(old: Stack, tmp_path: Path) -> None:
    old.sql(
        "insert into model_versions values ('wine', 2, 'READY', 'Deleted_Internal', 'mlflow-artifacts:/2', '');"
        "insert into model_versions values ('wine', 3, 'PENDING_REGISTRATION', 'None', 'mlflow-artifacts:/3', '');"
        "insert into logged_models values ('m-2', 'mlflow-artifacts:/4', 1, 'active');"
        "insert into logged_models values ('m-3', 'mlflow-artifacts:/5', 2, 'deleted');"
    )
    taking.take("old", old.places, Files.here(tmp_path / "backup"), "mlflow", ())


@dataclass(frozen=True)
class Meanwhile(Files):
    """A store that changes while it is read; `then` is what happens before the second look at it."""

    looks: list[None]
    then: Callable[[], object]

    def sizes(self) -> dict[str, int]:
        self.looks.append(None)
        if len(self.looks) == 2:
            self.then()
        return super().sizes()


def test_artifacts_that_are_deleted_meanwhile_are_noticed_and_new_ones_do_no_harm(old: Stack, tmp_path: Path) -> None:
    there = old.places.artifacts

    def take(name: str, then: Callable[[], object]) -> None:
        places = replace(old.places, artifacts=Meanwhile(there.system, there.root, [], then))
        taking.take("old", places, Files.here(tmp_path / name), "mlflow", ())

    take("more", lambda: old.put({"1/late": b"late"}))
    assert "1/late" in {each.key for each in bringing.read(Files.here(tmp_path / "more")).artifacts}
    with pytest.raises(SlipwayError, match=r"1 artifacts were deleted meanwhile, such as 1/late: there is no backup"):
        take("less", (old.store / "1/late").unlink)
    assert not (tmp_path / "less" / FILE).exists()


def test_a_backup_is_at_its_place_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "backups" / "one"

    def interrupted() -> None:
        with stacks.target(str(place)) as target, target.writing("x") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(place.parent.iterdir()) == []
    with stacks.target(str(place)) as target, target.writing("x") as file:
        file.write(b"whole")
    assert (place / "x").read_bytes() == b"whole"
    with pytest.raises(SlipwayError, match="is there already"), stacks.target(str(place)):
        pass


def test_a_service_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyArrow's own patience ends after three seconds, and a listing of a busy store takes longer."""

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(4)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Slow) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{address}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        assert Files.at("s3://acme-backups/whole").sizes() == {}
