"""Every secret that a stack makes can be turned over, and nothing goes at once that need not."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.dynamic.password import PasswordProvider
from components.errors import SlipwayError
from components.settings import parse_settings
from components.settings.rotated import secrets
from tests.unit.engine import run_stack
from tests.unit.test_gateway import SECURE, ingress
from tests.unit.test_settings import GOOD, faults, set_at
from tools import rotate
from tools.engine.stack import Stack


def test_a_password_is_another_one_and_knows_the_one_before() -> None:
    first = dict(PasswordProvider().create({"generation": 0}).outs or {})
    assert first["previous"] == ""
    assert not PasswordProvider().diff("p", first, {"generation": 0}).changes
    assert PasswordProvider().diff("p", first, {"generation": 1}).changes
    assert not PasswordProvider().diff("p", first, {"generation": 1}).replaces
    second = dict(PasswordProvider().update("p", first, {"generation": 1}).outs or {})
    assert second["value"] != first["value"] == second["previous"]


def test_every_secret_that_the_stack_makes_has_a_name() -> None:
    assert set(secrets(parse_settings({**GOOD, **SECURE}))) == {
        "database",
        "store",
        "tracking-admin",
        "signing-key",
        "api-key:shop",
        "api-key:slipway",
        "authority",
    }
    assert set(secrets(parse_settings(GOOD))) == {"database", "store"}


def test_what_the_user_gave_is_the_users_to_turn_over() -> None:
    given: dict[str, Any] = {
        "database": {"url": "postgresql+psycopg2://u:p@db.test/mlflow"},
        "objectStore": {"engine": "s3", "bucket": "own-bucket", "accessKeyId": "a", "secretAccessKey": "b"},
    }
    assert not secrets(parse_settings({**GOOD, **given}))


def test_each_count_reaches_its_secret_and_no_other() -> None:
    counts = {"database": 1, "store": 2, "tracking-admin": 3, "signing-key": 4, "api-key:shop": 5, "api-key:slipway": 6}
    secure = ingress({"selfSigned": {}}, auth={"apiKeys": ["shop", {"name": "lab", "until": "2031-12-31"}]})
    run = run_stack("dev", {**secure, "rotations": {**counts, "authority": 7}})
    found = {entry.name: entry.inputs["generation"] for entry in run.of("Password")}
    assert {name: count for name, count in found.items() if count} == {
        "database-password": 1,
        "object-store-password": 2,
        "mlflow-admin-password": 3,
        "mlflow-signing-key": 4,
    }
    assert run.one("ApiKeys").inputs["clients"] == [
        {"name": "lab", "until": "2031-12-31", "generation": 0},
        {"name": "shop", "generation": 5},
        {"name": "slipway", "generation": 6},
    ]
    issuer = run.one("ClusterIssuer", "gateway-issuer").inputs
    assert issuer["metadata"]["name"] == "slipway-models-7"
    assert run.one("Certificate", "gateway-certificate").inputs["spec"]["issuerRef"]["name"] == "slipway-models-7"


def test_the_database_is_told_its_new_password_by_the_one_before() -> None:
    run = run_stack("dev", {"rotations": {"database": 1}})
    assert "previous" in run.one("Secret", "database").inputs["stringData"]
    [migrate] = run.one("Deployment", "mlflow").inputs["spec"]["template"]["spec"]["initContainers"]
    told = {each["name"]: each.get("valueFrom") for each in migrate["env"]}
    assert told["PREVIOUS_PASSWORD"] == {"secretKeyRef": {"name": "database", "key": "previous", "optional": True}}


def test_mlflow_comes_after_a_store_with_new_keys_and_after_a_database_that_is_recovered() -> None:
    def before(**changes: Any) -> set[str]:
        return run_stack("dev", changes).one("Deployment", "mlflow").dependencies

    assert before(rotations={"store": 1}) > before()
    keys = {"accessKeyId": "a", "secretAccessKey": "b"}
    backed = {"name": "postgres-2", "backup": {"destination": "s3://backups", **keys}}
    recovered = {**backed, "recovery": {"source": "postgres"}}
    assert before(database={"cloudNativePg": recovered}) > before(database={"cloudNativePg": backed})


STACK = """\
# A laptop.
config:
  # Where it runs.
  slipway:cluster: {kind: {name: test}}   # kept
  slipway:ingress: {domain: slipway.localhost}
"""


def test_the_stack_file_counts_and_keeps_every_other_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("Pulumi.test.yaml")
    file.write_text(STACK)
    rotate.rotate(Stack("test"), "database", at_once=False)
    rotate.rotate(Stack("test"), "all", at_once=False)
    text = file.read_text()
    assert yaml.safe_load(text)["config"]["slipway:rotations"] == {"database": 2, "store": 1}
    assert [line for line in text.splitlines() if "rotations" not in line] == STACK.splitlines()
    with pytest.raises(SlipwayError, match="test has made no secret api-key:shop; it has database, store"):
        rotate.rotate(Stack("test"), "api-key:shop", at_once=True)


def test_a_count_of_what_is_no_secret_is_a_fault() -> None:
    assert any("rotations" in fault for fault in faults(set_at("rotations", {"password": 1})))
