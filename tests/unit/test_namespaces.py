"""The stack's namespaces, and what belongs to each."""

from typing import Any

import pytest
from pulumi import ResourceOptions

from components.kubernetes import namespaces
from components.settings import Settings, parse_settings
from tests.unit.engine import Registration, Run, run, run_stack

HARD = {"security": {"podSecurity": "restricted", "networkPolicies": True}}


def settings(**changes: object) -> Settings:
    base = {"cluster": {"kind": {"name": "test"}}, "ingress": {"domain": "models.test"}}
    return parse_settings({**base, **changes})


@pytest.fixture(scope="module")
def hard() -> Run:
    return run_stack("dev", HARD)


def test_a_level_is_enforced_warned_of_and_audited_in_the_namespaces_of_the_stack(hard: Run) -> None:
    for name in ("mlops", "models"):
        labels = hard.one("Namespace", name).inputs["metadata"]["labels"]
        for mode in ("enforce", "warn", "audit"):
            assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
            assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "latest"


def test_the_levels_version_is_the_clusters_minor_where_the_stack_says_it() -> None:
    said = settings(cluster={"kind": {"name": "test"}, "kubernetes": "1.34"}, security={"podSecurity": "baseline"})
    assert namespaces.pod_security(said)["pod-security.kubernetes.io/enforce-version"] == "v1.34"


def test_without_a_level_or_policies_a_namespace_has_neither() -> None:
    dev = run_stack("dev")
    assert not dev.of("NetworkPolicy")
    assert not dev.one("Namespace", "models").inputs["metadata"]["labels"]


def test_a_models_namespace_has_an_account_without_a_token_and_the_models_run_as_it(hard: Run) -> None:
    account = hard.one("ServiceAccount", "models-model").inputs
    assert account["automountServiceAccountToken"] is False
    predictor = hard.one("InferenceService").inputs["spec"]["predictor"]
    assert predictor["serviceAccountName"] == account["metadata"]["name"]
    assert predictor["automountServiceAccountToken"] is False


def test_what_is_put_into_a_namespace_waits_for_all_that_belongs_to_it(hard: Run) -> None:
    waits = hard.one("InferenceService").dependencies
    assert {"models", "models-default-deny", "models-models", "models-model"} <= waits


EVERYTHING: dict[str, Any] = {
    **HARD,
    "platform": {"meshCni": "install", "servingRuntimes": True, "replicas": 2},
    "database": {"cloudNativePg": {"backup": {"destination": "s3://backups/mlflow"}}},
    "teams": [{"name": "red", "quota": {"pods": "20"}, "group": "red-scientists"}],
}


def placed(entry: Registration) -> str | None:
    """The namespace that a resource is in, or works in."""
    metadata = entry.inputs.get("metadata", {})
    found = metadata.get("namespace") if entry.kind != "Namespace" else None
    return found or entry.inputs.get("namespace")


@pytest.mark.parametrize(
    ("stack", "changes"),
    [
        ("dev", EVERYTHING),
        ("prod", {}),
        ("prod", {"registry": {"address": "registry.test/team", "username": "puller", "password": "s3cret"}}),
        ("local", {}),
    ],
    ids=["everything", "prod", "private registry", "local"],
)
def test_whatever_is_in_a_namespace_waits_for_it(stack: str, changes: dict[str, Any]) -> None:
    made = run_stack(stack, changes)
    declared = {entry.name for entry in made.of("Namespace")}
    inside = {entry: place for entry in made.all if entry.custom and (place := placed(entry)) in declared}
    assert len(inside) >= 15
    assert [entry for entry, place in inside.items() if place not in entry.namespaces] == []


def test_a_team_gets_a_namespace_of_its_own_with_its_quota_and_labels() -> None:
    team = settings(**HARD)

    def program() -> None:
        args = namespaces.of_models(team, "vision", quota={"pods": "10"}, labels={"team": "vision"})
        namespaces.declare(args, ResourceOptions())

    made = run(program)
    assert made.one("Namespace", "vision").inputs["metadata"]["labels"]["team"] == "vision"
    assert made.one("ResourceQuota", "vision-quota").inputs["spec"] == {"hard": {"pods": "10"}}
    assert {policy.inputs["metadata"]["name"] for policy in made.of("NetworkPolicy")} == {"default-deny", "models"}
    assert made.one("ServiceAccount").inputs["metadata"]["namespace"] == "vision"


PLATFORM = ("cert-manager", "istio-system", "knative-serving", "kserve")


def test_the_platforms_namespaces_enforce_the_level_too_and_where_a_chart_is_not_fit_for_it_warn(hard: Run) -> None:
    def level(name: str, mode: str) -> object:
        return hard.one("Namespace", name).inputs["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"]

    assert {level(name, "enforce") for name in PLATFORM} == {"restricted"}
    assert (level("knative-operator", "enforce"), level("knative-operator", "warn")) == ("baseline", "restricted")
    weaker = run_stack("dev", {"security": {"podSecurity": "privileged"}}).one("Namespace", "knative-operator")
    assert weaker.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_the_gateways_pod_keeps_its_ports_below_1024_and_has_the_profile_that_restricted_asks_for(hard: Run) -> None:
    security = hard.one("Release", "istio-gateway").inputs["values"]["securityContext"]
    assert security["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert hard.one("Release", "istiod").inputs["values"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_no_pod_of_our_own_has_a_token_or_the_namespaces_default_account_but_mlflows(hard: Run) -> None:
    pods = {
        entry.name: entry.inputs["spec"]["template"]["spec"]
        for kind in ("Deployment", "StatefulSet", "Job")
        for entry in hard.of(kind)
    }
    assert len(pods) == 5
    assert not [name for name, pod in pods.items() if pod["automountServiceAccountToken"]]
    assert {pod.get("serviceAccountName") for name, pod in pods.items() if name != "mlflow"} == {"data"}
    assert not [entry for entry in hard.kubernetes if "Role" in entry.kind]
