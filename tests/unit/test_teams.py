"""Teams: a namespace each, with a quota that its models fit into, and people who may look."""

from typing import Any

import pytest

from components.kubernetes.teams import defaults
from tests.unit.engine import Run
from tests.unit.scaled import CPU, faults, knative, run
from tests.unit.scaled import model as scaled_model

QUOTA = {"requests.cpu": "2", "requests.memory": "8Gi", "limits.cpu": "10", "limits.memory": "16Gi", "pods": "20"}
RED = {"name": "red", "quota": QUOTA, "group": "red-scientists"}
BLUE = {"name": "blue"}


def model(name: str, team: str | None = None, **changes: Any) -> dict[str, Any]:
    return {"name": name, "source": "models:/wine-quality-model/1", **({"team": team} if team else {}), **changes}


@pytest.fixture(scope="module")
def both() -> Run:
    return run(model("wine", "red"), model("beer", "blue"), model("tea"), teams=[RED, BLUE])


def test_each_model_is_served_in_its_teams_namespace_and_at_its_host(both: Run) -> None:
    where = {each.inputs["metadata"]["name"]: each.inputs["metadata"] for each in both.of("InferenceService")}
    assert {name: metadata["namespace"] for name, metadata in where.items()} == {
        "wine": "red",
        "beer": "blue",
        "tea": "models",
    }
    assert both.outputs["models"]["wine"]["host"] == "wine-red.slipway.localhost"


def test_only_its_own_team_can_route_a_models_host(both: Run) -> None:
    [server] = both.one("Gateway", "gateway").inputs["spec"]["servers"]
    assert "red/wine-red.slipway.localhost" in server["hosts"]
    assert both.one("VirtualService", "wine-route").inputs["metadata"]["namespace"] == "red"


def test_a_model_waits_for_the_quota_and_the_defaults_of_its_namespace(both: Run) -> None:
    assert {"red", "red-quota", "red-defaults"} <= both.one("InferenceService", "wine").dependencies


def test_the_quota_is_what_the_settings_say(both: Run) -> None:
    assert both.one("ResourceQuota", "red-quota").inputs["spec"] == {"hard": QUOTA}
    assert [each.name for each in both.of("ResourceQuota")] == ["red-quota"]


def test_containers_get_defaults_for_what_the_quota_counts_and_for_nothing_else() -> None:
    assert defaults({"limits.memory": "4Gi", "cpu": "2", "pods": "3"}) == {
        "defaultRequest": {"cpu": "25m"},
        "default": {"memory": "256Mi"},
    }
    assert defaults({"pods": "3"}) == {}


def test_the_teams_group_may_look_and_no_more(both: Run) -> None:
    rules = both.one("Role", "red-reader").inputs["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    readable = {name for rule in rules for name in rule["resources"]}
    assert {"inferenceservices", "pods", "pods/log", "events"} <= readable
    assert not {"secrets", "configmaps", "*"} & readable
    binding = both.one("RoleBinding", "red-readers").inputs
    assert binding["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "red-scientists"}]
    assert not [each for each in both.of("Role") if each.name.startswith("blue")]


SMALL = {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


@pytest.mark.parametrize(
    ("models", "quota", "line"),
    [
        (
            [model("wine", "red", replicas=4, resources=SMALL)],
            {"limits.memory": "4Gi"},
            "teams[0].quota.limits.memory: '4Gi': at their most, and with the pods of an update, its models take "
            "5120Mi (wine 5 pods); write at least that, or lower their replicas, max or resources",
        ),
        (
            [model("wine", "red", replicas=2, canary={"source": "models:/wine-quality-model/2", "percent": 50})],
            {"pods": "4"},
            "teams[0].quota.pods: '4': at their most, and with the pods of an update, its models take 5 "
            "(wine 3 pods, wine-canary 2 pods);",
        ),
        (
            [{**scaled_model(CPU, max=8), "team": "red"}],
            {"cpu": "900m"},
            "teams[0].quota.cpu: '900m': at their most, and with the pods of an update, its models take 1000m",
        ),
        (
            [{**knative(**{"class": "kpa"}, min=0, max=3), "team": "red"}],
            {"requests.cpu": "499m"},
            "teams[0].quota.requests.cpu: '499m': at their most, and with the pods of an update, its models take 500m "
            "(wine 4 pods)",
        ),
        (
            [model("wine", "red", resources={"requests": {"cpu": "1"}})],
            {"limits.memory": "4Gi"},
            "models[0].resources.limits.memory: the quota of red counts it; write it",
        ),
        (
            [model("wine", "red", gpus={"count": 2})],
            {"requests.nvidia.com/gpu": "3"},
            "teams[0].quota.requests.nvidia.com/gpu: '3': at their most, and with the pods of an update, its models "
            "take 4",
        ),
    ],
)
def test_models_that_would_not_fit_into_the_quota_are_refused(models: list[Any], quota: Any, line: str) -> None:
    found = faults(*models, teams=[{"name": "red", "quota": quota}])
    assert [each for each in found if each.startswith(f"slipway:{line}")] == found != [], found


def test_models_that_just_fit_are_taken() -> None:
    wine = model("wine", "red", replicas=4, resources=SMALL)
    assert not faults(wine, model("tea"), teams=[{"name": "red", "quota": {"limits.memory": "5Gi", "pods": "5"}}])


def test_a_request_is_what_kserve_writes_where_none_is_written() -> None:
    wine = model("wine", "red", resources={"limits": {"memory": "3Gi"}})
    assert not faults(wine, teams=[{"name": "red", "quota": {"requests.memory": "4Gi"}}])
    [found] = faults(wine, teams=[{"name": "red", "quota": {"requests.memory": "3Gi"}}])
    assert "its models take 4096Mi" in found


def test_mutual_tls_brings_sidecars_that_the_quota_counts_too() -> None:
    sections = {
        "teams": [{"name": "red", "quota": {"limits.cpu": "5"}}],
        "security": {"mutualTls": True},
        "platform": {"meshCni": "install"},
    }
    [found] = faults(model("wine", "red", resources=SMALL), **sections)
    assert "its models take 6000m (wine 2 pods)" in found


@pytest.mark.parametrize("name", ["mlops", "models", "kserve", "kube-system", "default"])
def test_a_namespace_of_somebody_else_is_no_team(name: str) -> None:
    [found] = faults(teams=[{"name": name}])
    assert found.startswith(f"slipway:teams[0].name: '{name}': this namespace is Kubernetes' own, or")


def test_the_same_name_in_two_teams_is_refused() -> None:
    found = faults(model("wine", "red"), model("wine", "blue"), teams=[RED, BLUE])
    assert found[0] == (
        "slipway:models[0].name: 'wine': two models have this name; every name must be its own, in other teams too"
    )


def test_two_models_may_have_one_source(both: Run) -> None:
    assert len({each.inputs["repository"] for each in both.of("ModelFiles")}) == 3
