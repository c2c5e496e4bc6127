"""Whichever setting moves the data, or what holds it, the plan is stopped until it has its word."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.engine import Run, run_stack
from tools.engine import plan

URL = {"url": "postgresql+psycopg2://mlflow:hunter2@db.test/mlflow"}
OTHER_URL = {"url": "postgresql+psycopg2://mlflow:hunter2@db.test:6543/mlflow"}
S3 = {"engine": "s3", "endpoint": "https://s3.test", "accessKeyId": "AKIA", "secretAccessKey": "hunter2hunter2"}
OPERATED: dict[str, Any] = {"cloudNativePg": {"name": "postgres", "instances": 1}}
# What makes another object of a Kubernetes one, and another cluster of a kind one.
_IDENTITY = ("name", "namespace")


def identity(inputs: Mapping[str, Any]) -> list[Any]:
    named = inputs.get("metadata") or inputs
    return [named.get(key) for key in _IDENTITY]


def planned(before: Run, after: Run) -> list[str]:
    """What the plan between the two would lose."""
    new = {(each.type, each.name): each for each in after.all if each.custom}
    steps = []
    for old in (each for each in before.all if each.custom):
        state = {"type": old.type, "urn": f"urn::{old.name}", "id": old.name, "inputs": old.inputs, "outputs": {}}
        successor = new.get((old.type, old.name))
        if not successor:
            steps.append({"op": "delete", "oldState": state})
            continue
        op = "update" if identity(old.inputs) == identity(successor.inputs) else "replace"
        steps.append({"op": op, "oldState": state, "newState": {**state, "inputs": successor.inputs}})
    return plan.losses(steps)


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ({}, {"database": URL}, "deletes PersistentVolumeClaim postgres"),
        ({}, {"database": OPERATED}, "deletes PersistentVolumeClaim postgres"),
        ({"database": OPERATED}, {}, "deletes Cluster postgres"),
        ({"database": OPERATED}, {"database": URL}, "deletes Cluster postgres"),
        (
            {"database": OPERATED},
            {"database": {"cloudNativePg": {"name": "other", "instances": 1}}},
            "replaces Cluster postgres",
        ),
        (
            {"database": URL},
            {},
            "leaves MLflow's runs and versions in the database db.test:5432/mlflow, and has it look for them in "
            "postgres.mlops:5432/mlflow",
        ),
        (
            {"database": URL},
            {"database": OTHER_URL},
            "leaves MLflow's runs and versions in the database db.test:5432/mlflow, and has it look for them in "
            "db.test:6543/mlflow",
        ),
        ({}, {"objectStore": S3}, "deletes PersistentVolumeClaim object-store"),
        (
            {"objectStore": S3},
            {},
            "leaves MLflow's artifacts in s3://mlflow at https://s3.test, and has it look for them in s3://mlflow at "
            "http://object-store.mlops:9000",
        ),
        ({}, {"namespaces": {"data": "elsewhere"}}, "deletes Namespace mlops"),
        ({}, {"namespaces": {"models": "elsewhere"}}, "deletes Namespace models"),
        ({"teams": [{"name": "red"}]}, {}, "deletes Namespace red"),
        ({}, {"cluster": {"kind": {"name": "other"}}}, "replaces KindCluster cluster"),
    ],
)
def test_a_move_needs_its_word(before: dict[str, Any], after: dict[str, Any], lost: str) -> None:
    assert lost in planned(run_stack("dev", before), run_stack("dev", after))


@pytest.mark.parametrize(
    "change",
    [
        {"database": {"storage": "20Gi"}},
        {"rotations": {"database": 1, "store": 1}},
        {"teams": [{"name": "red"}]},
        {"platform": {"dashboards": "install"}},
    ],
)
def test_what_stays_where_it_is_needs_none(change: dict[str, Any]) -> None:
    assert planned(run_stack("dev"), run_stack("dev", change)) == []


def test_another_password_is_no_other_database() -> None:
    before, after = URL, {"url": str(URL["url"]).replace("hunter2", "hunter3")}
    assert planned(run_stack("dev", {"database": before}), run_stack("dev", {"database": after})) == []
