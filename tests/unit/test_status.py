"""`status` tells what is well and what is not, with the words of whoever knows why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from components.settings import parse_settings
from tests.unit.fake_cluster import FakeCluster
from tools import status
from tools.doctor.result import Result, note, ok

NOW = datetime(2026, 11, 26, tzinfo=UTC)
MADE = {"version": "3", "url": "http://x/v2", "canary": {"version": "4", "percent": 10}}


def settings(**changes: Any) -> Any:
    return parse_settings(
        {
            "cluster": {"kind": {"name": "x"}},
            "ingress": {"domain": "x.localhost"},
            "models": [{"name": "wine", "source": "models:/wine/3"}],
            **changes,
        }
    )


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    for kind in (status.SERVICES, status.AUTOSCALERS, status.CERTIFICATES, status.BACKUPS):
        cluster.serve(kind)
    return cluster


def condition(kind: str, state: str, message: str = "") -> dict[str, str]:
    return {"type": kind, "status": state, "message": message}


def model(cluster: FakeCluster, made: Any = MADE) -> list[Result]:
    return list(status.model_of(cluster, "models", settings().models[0], made, "make up STACK=x"))


def test_a_model_that_is_well_says_what_it_serves(cluster: FakeCluster) -> None:
    cluster.add(status.SERVICES, "wine", "models", status={"conditions": [condition("Ready", "True")]})
    [found] = model(cluster)
    assert (found.state, found.text) == ("ok", "serves version 3, canary version 4 with 10 % at http://x/v2")


def test_a_model_that_is_not_ready_has_kserves_words_and_a_way_to_look(cluster: FakeCluster) -> None:
    failing = {"conditions": [condition("Ready", "False", "image cannot be pulled")]}
    cluster.add(status.SERVICES, "wine", "models", status=failing)
    [found] = model(cluster)
    assert (found.state, found.text) == ("fault", "version 3 is not ready: image cannot be pulled")
    assert found.remedy == "kubectl --namespace models describe inferenceservice wine"


def test_a_model_that_nobody_made_is_brought_by_up(cluster: FakeCluster) -> None:
    assert [(each.text, each.remedy) for each in model(cluster, None)] == [("is not served yet", "make up STACK=x")]


@pytest.mark.parametrize(
    ("ready", "state", "text"),
    [(2, "ok", "2 of 2 pods ready"), (1, "fault", "1 of 2 pods ready: too little memory")],
)
def test_pods_are_counted(ready: int, state: str, text: str) -> None:
    found = status.deployment(
        {
            "metadata": {"namespace": "models", "name": "wine-predictor"},
            "spec": {"replicas": 2},
            "status": {"readyReplicas": ready, "conditions": [condition("Available", "False", "too little memory")]},
        }
    )
    assert (found.about, found.state, found.text) == ("models/wine-predictor", state, text)


def test_an_autoscaler_that_finds_no_pods_is_told_and_on_an_embedded_stack_has_none() -> None:
    stuck = {"type": "AbleToScale", "status": "False", "message": "no such Deployment"}
    found = {
        "metadata": {"namespace": "models", "name": "wine-hpa"},
        "spec": {"maxReplicas": 3},
        "status": {"conditions": [stuck]},
    }
    told = status.autoscaler(found)
    assert (told.state, told.text) == ("note", "cannot scale: no such Deployment")
    simulated = status.autoscaler(found, simulated=True)
    assert (simulated.state, simulated.text) == ("ok", "has no pods to scale on an embedded stack (1 to 3)")


def test_a_summary_names_notes_where_there_are_any() -> None:
    assert status.summary([ok("a", "b")]) == "all well"
    assert status.summary([ok("a", "b"), note("c", "d", "e")]) == "all well; 1 note"


@pytest.mark.parametrize(
    ("wish", "active", "state", "text"),
    [
        (2, "True", "ok", "wants 2 replicas, has 1 (1 to 5)"),
        (5, "True", "note", "wants 5 replicas, has 1 (1 to 5): it is at its maximum"),
        (2, "False", "note", "wants 2 replicas, has 1 (1 to 5), and does not scale: no metrics"),
    ],
)
def test_an_autoscalers_wish_stands_against_what_is_there(wish: int, active: str, state: str, text: str) -> None:
    found = status.autoscaler(
        {
            "metadata": {"namespace": "models", "name": "wine-hpa"},
            "spec": {"minReplicas": 1, "maxReplicas": 5},
            "status": {
                "desiredReplicas": wish,
                "currentReplicas": 1,
                "conditions": [condition("ScalingActive", active, "no metrics")],
            },
        }
    )
    assert (found.state, found.text) == (state, text)


@pytest.mark.parametrize(
    ("end", "state", "text"),
    [
        ("2027-01-20T00:00:00Z", "ok", "ends 2027-01-20, in 55 days"),
        ("2026-12-01T00:00:00Z", "note", "ends 2026-12-01, in 5 days"),
        (None, "fault", "is not signed: no such issuer"),
    ],
)
def test_a_certificate_says_when_it_ends(cluster: FakeCluster, end: str | None, state: str, text: str) -> None:
    ready = condition("Ready", "True" if end else "False", "no such issuer")
    dates = {"notAfter": end} if end else {}
    cluster.add(status.CERTIFICATES, "gateway", "ingress", status={"conditions": [ready], **dates})
    [found] = status.certificates(cluster, ["ingress"], NOW)
    assert (found.state, found.text) == (state, text)


def test_stopped_servers_are_faults() -> None:
    assert [each.state for each in status.servers({"etcd": True, "mlflow": False})] == ["ok", "fault"]
