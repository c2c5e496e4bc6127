"""Replicas, disruption budgets, spread, priority, limits and nodes."""

import functools
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from components.kubernetes.hardening import BEYOND_ANY_NODE
from components.settings import SettingsError, parse_settings
from components.settings.merge import merged
from tests.unit.engine import Registration, Run, run_stack

MODEL = {"name": "wine", "source": "models:/wine/1", "image": f"registry.test/wine@sha256:{'0' * 64}"}
QUERY = {
    "min": 1,
    "max": 2,
    "metrics": [
        {
            "type": "Pods",
            "name": "rate",
            "target": {"averageValue": "1"},
            "query": "sum(rate(x{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)",
        }
    ],
}


def serving(*models: Mapping[str, Any], **changes: Any) -> Run:
    return run_stack("dev", {"models": [{**MODEL, **model} for model in models], **changes})


@pytest.fixture(scope="module")
def single() -> Run:
    return serving({})


@pytest.fixture(scope="module")
def several() -> Run:
    return serving({"autoscaling": QUERY}, platform={"replicas": 3}, tracking={"replicas": 2})


def values(run: Run, chart: str) -> Any:
    return run.one("Release", chart).inputs["values"]


def test_one_pod_has_neither_a_budget_nor_a_spread(single: Run) -> None:
    assert not single.of("PodDisruptionBudget")
    assert not single.of("DeploymentPatch")
    assert values(single, "cert-manager")["podDisruptionBudget"] == {"enabled": False}
    assert values(single, "istio-gateway")["podDisruptionBudget"] == {}
    assert "topologySpreadConstraints" not in single.one("InferenceService").inputs["spec"]["predictor"]
    assert not single.one("Deployment", "mlflow").inputs["spec"]["template"]["spec"]["topologySpreadConstraints"]


def test_no_budget_holds_up_the_draining_of_a_node(single: Run, several: Run) -> None:
    for run in (single, several):
        budgets = {each["name"]: each for each in run.one("KnativeServing").inputs["spec"]["podDisruptionBudgets"]}
        assert set(budgets) == {"activator-pdb", "webhook-pdb"}
        assert all(each["maxUnavailable"] == 1 and "minAvailable" not in each for each in budgets.values())
        for entry in run.of("PodDisruptionBudget"):
            assert entry.inputs["spec"]["maxUnavailable"] == 1


def test_platform_replicas_reaches_every_part_that_can_have_several(several: Run) -> None:
    cert_manager = values(several, "cert-manager")
    for part in (cert_manager, cert_manager["webhook"], cert_manager["cainjector"]):
        assert part["replicaCount"] == 3
        assert part["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
        assert spread_over(part["topologySpreadConstraints"])
    counts = {"istiod": "replicaCount", "istio-gateway": "replicaCount", "prometheus-adapter": "replicas"}
    for chart, key in counts.items():
        assert values(several, chart)[key] == 3
        assert spread_over(values(several, chart)["topologySpreadConstraints"])
    knative = several.one("KnativeServing").inputs["spec"]
    assert knative["high-availability"] == {"replicas": 3}
    assert all(spread_over(workload["topologySpreadConstraints"]) for workload in knative["workloads"])
    patch = several.one("DeploymentPatch", "kserve-replicas").inputs
    assert patch["spec"] == {"replicas": 3}
    assert patch["metadata"]["annotations"] == {"pulumi.com/patchForce": "true"}
    assert several.one("PodDisruptionBudget", "kserve-budget")


def spread_over(constraints: list[dict[str, Any]]) -> bool:
    """Over zones and nodes, and never in the way of a pod that has but one of them to go to."""
    return [each["topologyKey"] for each in constraints] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ] and {each["whenUnsatisfiable"] for each in constraints} == {"ScheduleAnyway"}


def test_mlflow_with_several_pods_is_spread_and_has_a_budget_that_selects_them(several: Run) -> None:
    template = several.one("Deployment", "mlflow").inputs["spec"]["template"]
    budget = several.one("PodDisruptionBudget", "mlflow-budget").inputs["spec"]
    assert spread_over(template["spec"]["topologySpreadConstraints"])
    assert template["metadata"]["labels"].items() >= budget["selector"]["matchLabels"].items()


@pytest.mark.parametrize(
    ("model", "budgets", "spread"),
    [
        ({"replicas": 2}, True, True),
        ({"autoscaling": QUERY}, False, True),
        ({"autoscaling": {**QUERY, "min": 2}}, True, True),
        ({"mode": "Knative", "autoscaling": {"class": "kpa", "min": 0, "max": 3}}, False, True),
        ({"mode": "Knative", "autoscaling": {"class": "kpa", "min": 2, "max": 3}}, True, True),
        ({"replicas": 1}, False, False),
    ],
)
def test_a_model_that_never_has_fewer_than_two_pods_has_a_budget(
    model: dict[str, Any], budgets: bool, spread: bool
) -> None:
    run = serving(model)
    assert bool(run.of("PodDisruptionBudget")) is budgets
    predictor = run.one("InferenceService").inputs["spec"]["predictor"]
    assert spread_over(predictor.get("topologySpreadConstraints", [])) is spread


def test_a_knative_that_is_there_is_not_asked_for_what_it_may_refuse() -> None:
    model = {"mode": "Knative", "autoscaling": {"class": "kpa", "min": 2, "max": 3}}
    run = serving(model, platform={"serverless": "existing"})
    assert "topologySpreadConstraints" not in run.one("InferenceService").inputs["spec"]["predictor"]


@pytest.mark.parametrize("mode", ["Standard", "Knative"])
def test_a_models_nodes_gpus_and_priority_reach_its_pods_in_both_modes(mode: str) -> None:
    run = serving(
        {
            "mode": mode,
            "nodeSelector": {"gpu": "a100"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "gpus": {"count": 2},
            "priorityClass": "online",
        }
    )
    predictor = run.one("InferenceService").inputs["spec"]["predictor"]
    assert predictor["nodeSelector"] == {"gpu": "a100"}
    assert predictor["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert predictor["priorityClassName"] == "online"
    resources = predictor["containers"][0]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == resources["requests"]["nvidia.com/gpu"] == "2"
    assert resources["requests"]["cpu"] == "100m"


def test_knative_is_told_that_a_model_may_choose_its_nodes(single: Run) -> None:
    features = single.one("KnativeServing").inputs["spec"]["config"]["features"]
    fields = ("nodeselector", "tolerations", "priorityclassname", "topologyspreadconstraints")
    assert features == {f"kubernetes.podspec-{field}": "enabled" for field in fields}


def test_the_platform_is_not_put_out_by_models_and_its_class_is_there_before_it(several: Run) -> None:
    assert several.one("PriorityClass").inputs["value"] == 1_000_000
    assert values(several, "cert-manager")["global"]["priorityClassName"] == "slipway-platform"
    assert values(several, "istiod")["global"]["priorityClassName"] == "slipway-platform"
    for chart in ("istio-gateway", "prometheus-adapter"):
        assert values(several, chart)["priorityClassName"] == "slipway-platform"
    assert values(several, "prometheus")["server"]["priorityClassName"] == "slipway-platform"
    for chart in ("cert-manager", "istiod", "istio-gateway", "prometheus", "prometheus-adapter"):
        assert "slipway-platform" in several.one("Release", chart).dependencies


def test_a_stack_that_installs_nothing_makes_no_class() -> None:
    assert not run_stack("local").of("PriorityClass")


def containers(entry: Registration) -> list[dict[str, Any]]:
    pod = entry.inputs["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_every_container_asks_for_cpu_and_memory_and_has_a_limit_of_memory() -> None:
    run = run_stack("dev", {"database": {"volumePermissions": True}, "objectStore": {"volumePermissions": True}})
    entries = [entry for kind in ("Deployment", "StatefulSet", "Job") for entry in run.of(kind)]
    found = [container for entry in entries for container in containers(entry)]
    assert len(found) == 8
    for container in found:
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), container["name"]
        assert "memory" in container["resources"]["limits"], container["name"]


@pytest.mark.parametrize("key", ["database", "objectStore"])
def test_an_init_container_that_is_root_contradicts_restricted(key: str) -> None:
    data = {
        "cluster": {"kind": {"name": "test"}},
        "ingress": {"domain": "models.test"},
        "security": {"podSecurity": "restricted"},
        key: {"volumePermissions": True},
    }
    with pytest.raises(SettingsError, match=f"slipway:{key}.volumePermissions: True: its init container runs as root"):
        parse_settings(data)
    assert parse_settings({**data, "security": {"podSecurity": "baseline"}})


@pytest.mark.parametrize(
    ("toleration", "says"),
    [
        (
            {"key": "gpu", "operator": "Exists", "value": "a"},
            r"tolerations\[0\].value: 'a': `operator: Exists`",
        ),
        ({"value": "a"}, r"tolerations\[0\].key: write the taint's key"),
    ],
)
def test_a_toleration_that_kubernetes_would_refuse_is_a_fault(toleration: dict[str, str], says: str) -> None:
    data = {
        "cluster": {"kind": {"name": "test"}},
        "ingress": {"domain": "models.test"},
        "models": [{**MODEL, "tolerations": [toleration]}],
    }
    with pytest.raises(SettingsError, match=says):
        parse_settings(data)


def chart_values(run: Run, name: str) -> dict[str, Any]:
    """What Helm is given: the values, and over a chart's defaults the nulls that take them away."""
    release = run.one("Release", name).inputs
    files = [yaml.safe_load(each["text"]) for each in release.get("valueYamlFiles", [])]
    assert not files or release["allowNullValues"]
    return functools.reduce(merged, files, release["values"])


def test_the_limits_on_cpu_that_charts_bring_are_taken_away_or_lifted_beyond_any_node() -> None:
    run = run_stack("dev")
    manager = chart_values(run, "kserve-resources")["kserve"]["controller"]
    operator = chart_values(run, "knative-operator")["knative_operator"]
    assert chart_values(run, "istio-gateway")["resources"]["limits"]["cpu"] is None
    assert manager["rbacProxy"]["resources"]["limits"]["cpu"] is None
    # These templates write a limit in any case.
    for lifted in (manager, operator["knative_operator"], operator["operator_webhook"]):
        assert lifted["resources"]["limits"]["cpu"] == BEYOND_ANY_NODE
    assert "cpu" not in chart_values(run, "istiod")["resources"]["limits"]


def test_a_null_of_the_stack_takes_a_charts_default_away() -> None:
    run = run_stack("dev", {"charts": {"istiod": {"values": {"env": {"PILOT_X": None, "PILOT_Y": "1"}}}}})
    values = chart_values(run, "istiod")
    assert values["env"] == {"PILOT_X": None, "PILOT_Y": "1"}
