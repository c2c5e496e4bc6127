"""A plan that deletes data is read before it runs."""

import json
from typing import Any

import pytest

from components.clients.process import CommandFailed
from components.dynamic.kind_cluster import KindCluster
from components.errors import SlipwayError
from tests.unit.engine import run_stack
from tools.engine import plan
from tools.engine.stack import Stack


def step(op: str, type_: str, name: str = "x") -> dict[str, Any]:
    return {"op": op, "urn": f"urn::{name}", "oldState": {"type": type_, "id": f"data/{name}", "urn": f"urn::{name}"}}


@pytest.mark.parametrize("type_", sorted(plan.HOLDERS))
@pytest.mark.parametrize("op", ["delete", "replace", "delete-replaced"])
def test_what_holds_data_goes_with_a_word_and_not_without(type_: str, op: str) -> None:
    steps = [step(op, type_)]
    with pytest.raises(SlipwayError, match="CONFIRM=delete-data-of-prod"):
        plan.require_word(Stack("prod"), steps, None)
    with pytest.raises(SlipwayError, match="nothing was done"):
        plan.require_word(Stack("prod"), steps, "delete-data-of-dev")
    plan.require_word(Stack("prod"), steps, "delete-data-of-prod")


def test_a_replacement_is_named_once_by_what_a_person_knows() -> None:
    claim = "kubernetes:core/v1:PersistentVolumeClaim"
    steps = [step(op, claim, "postgres") for op in ("create-replacement", "replace", "delete-replaced")]
    assert [str(each) for each in plan.losses(steps)] == ["replaces PersistentVolumeClaim data/postgres"]


def stack_of(changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The workloads of the dev stack by type and name, as the state has them."""
    return {
        f"{each.type}::{each.name}": {"type": each.type, "id": f"mlops/{each.name}", "inputs": each.inputs}
        for each in run_stack("dev", changes).kubernetes
        if each.kind in ("Deployment", "StatefulSet")
    }


def planned(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = stack_of(before), stack_of(after)
    steps = [
        {"op": "same" if old[urn] == new[urn] else "update", "oldState": old[urn], "newState": new[urn]}
        for urn in old.keys() & new.keys()
    ]
    return sorted(plan.losses(steps))


S3 = {"engine": "s3", "endpoint": "https://s3.test", "accessKeyId": "AKIA", "secretAccessKey": "hunter2hunter2"}


def test_data_that_nobody_would_find_any_more_needs_a_word() -> None:
    store = "http://object-store.mlops:9000"
    inside = f"s3://mlflow at {store}"
    assert planned({}, {"objectStore": {"bucket": "other"}}) == [
        f"leaves MLflow's artifacts in {inside}, and has it look for them in s3://other at {store}"
    ]
    assert planned({"objectStore": S3}, {"objectStore": {**S3, "endpoint": "https://s3.example"}}) == [
        "leaves MLflow's artifacts in s3://mlflow at https://s3.test, and has it look for them in s3://mlflow at "
        "https://s3.example"
    ]
    other = planned({}, {"objectStore": {"engine": "versitygw"}})
    assert other[0] == "has versitygw read what minio wrote for StatefulSet mlops/object-store, which it cannot"
    assert other[1].startswith(f"leaves MLflow's artifacts in {inside}")


def test_a_change_of_anything_else_loses_sight_of_nothing() -> None:
    changes = {
        "objectStore": {"resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}}},
        "tracking": {"resources": {"requests": {"cpu": "300m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}},
    }
    assert planned({}, changes) == []


@pytest.mark.parametrize(
    ("op", "type_"),
    [
        ("update", "kubernetes:apps/v1:StatefulSet"),
        ("same", KindCluster.token),
        ("delete", "kubernetes:apps/v1:Deployment"),
        ("replace", "kubernetes:batch/v1:Job"),
    ],
)
def test_everyday_changes_need_no_word(op: str, type_: str) -> None:
    plan.require_word(Stack("prod"), [step(op, type_)], None)


def test_a_plan_that_cannot_be_made_stops_the_up(monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.dumps({"diagnostics": [{"severity": "error", "message": "no such context\n"}, {"severity": "info"}]})

    def run(*_: Any, **__: Any) -> str:
        raise CommandFailed("exited with 255", output=f"warning\n{said}")

    monkeypatch.setattr(plan, "run", run)
    with pytest.raises(SlipwayError, match=r"nothing was done:\nno such context$"):
        plan.read([], {})


def test_a_saved_plan_is_no_option_of_the_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> str:
        asked.append(command)
        return "{}"

    monkeypatch.setattr(plan, "run", run)
    assert plan.read(["--plan", "plan.json", "--refresh", "--plan=other"], {}) == []
    assert asked == [["pulumi", "preview", "--json", "--refresh"]]
