"""The stack's namespaces, and what belongs to each."""

import pytest
from pulumi import ResourceOptions

from components import namespaces
from components.settings import Settings
from tests.unit.engine import Run, run, run_stack

HARD = {"security": {"podSecurity": "restricted", "networkPolicies": True}}


def settings(**changes: object) -> Settings:
    base = {"cluster": {"kind": {"name": "test"}}, "ingress": {"domain": "models.test"}}
    return Settings.parse({**base, **changes})


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
