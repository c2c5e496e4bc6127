"""Mutual TLS: sidecars for the models, and nobody else is listened to."""

from typing import Any

import pytest

from components.settings.versions import CHARTS
from tests.unit.authorization import Request, passes
from tests.unit.engine import Run, run_stack
from tests.unit.test_gateway import JWT, ingress
from tests.unit.test_settings import faults, set_at

MUTUAL = {"security": {"mutualTls": True}, "platform": {"meshCni": "install"}}


@pytest.fixture(scope="module")
def mutual() -> Run:
    return run_stack("dev", {**MUTUAL, "teams": [{"name": "shop"}]})


def predictor(run: Run) -> dict[str, Any]:
    return dict(run.one("InferenceService").inputs["spec"]["predictor"])


def test_every_namespace_of_models_takes_mutual_tls_only(mutual: Run) -> None:
    policies = mutual.of("PeerAuthentication")
    assert {policy.inputs["metadata"]["namespace"] for policy in policies} == {"models", "shop"}
    assert {policy.inputs["metadata"]["name"] for policy in policies} == {"default"}
    assert [policy.inputs["spec"] for policy in policies] == [{"mtls": {"mode": "STRICT"}}] * 2
    assert all("istiod" in policy.dependencies for policy in policies)


@pytest.fixture(scope="module")
def guarded() -> Run:
    return run_stack("dev", {**MUTUAL, **SECURE, "teams": [{"name": "shop"}]})


SECURE = ingress({"selfSigned": {}}, auth={"apiKeys": ["shop"], "jwt": [JWT]})


@pytest.mark.parametrize("namespace", ["models", "shop"])
def test_a_models_sidecar_asks_for_the_credential_again_whoever_led_the_request_to_it(
    guarded: Run, namespace: str
) -> None:
    """A route that somebody wrote may lead any host past what the gateway asks for."""
    [policy] = [
        entry.inputs["spec"]
        for entry in guarded.of("AuthorizationPolicy")
        if entry.inputs["metadata"] == {"name": "default", "namespace": namespace}
    ]
    assert "selector" not in policy
    for host in (f"{namespace}.example.com", "app.example.com", "10.0.0.7"):
        assert not passes([policy], Request(host=host, port=8080))
        assert not passes([policy], Request(host=host, port=8080, principal="slipway-1a2b/removed.0"))
        assert not passes([policy], Request(host=host, port=8080, principal="https://idp.test/x", audiences=("other",)))
        assert passes([policy], Request(host=host, port=8080, principal="https://idp.test/x", audiences=("models",)))
        assert passes([policy], Request(host=host, port=8080, principal="slipway-1a2b/shop.0"))


def test_the_gateway_hands_the_credential_on_to_the_sidecar_and_the_sidecar_not_to_the_model(guarded: Run) -> None:
    gateway = guarded.one("RequestAuthentication", "gateway-tokens").inputs["spec"]["jwtRules"]
    sidecar = guarded.one("RequestAuthentication", "models-tokens").inputs["spec"]["jwtRules"]
    assert [rule.pop("forwardOriginalToken") for rule in gateway] == [True, True]
    assert gateway == sidecar
    without = run_stack("dev", SECURE).one("RequestAuthentication", "gateway-tokens").inputs["spec"]["jwtRules"]
    assert without == sidecar


def test_without_authentication_a_sidecar_asks_for_the_mesh_alone(mutual: Run) -> None:
    assert not mutual.of("RequestAuthentication")
    assert not mutual.of("AuthorizationPolicy")


def test_a_model_gets_a_sidecar_and_its_metrics_stay_where_prometheus_reads_them(mutual: Run) -> None:
    assert predictor(mutual)["labels"] == {"sidecar.istio.io/inject": "true"}
    notes = predictor(mutual)["annotations"]
    assert notes["traffic.sidecar.istio.io/excludeInboundPorts"] == notes["prometheus.io/port"] == "8082"
    assert notes["prometheus.istio.io/merge-metrics"] == "false"


def test_istios_own_containers_pass_pod_security_restricted(mutual: Run) -> None:
    assert predictor(mutual)["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    assert "securityContext" not in predictor(run_stack("dev"))


def test_sidecars_come_without_privileges_by_the_plugin_that_is_there_first(mutual: Run) -> None:
    assert (
        mutual.one("Release", "istio-cni").inputs["values"]["image"]
        == f"docker.io/istio/install-cni:{CHARTS['istio-cni'].version}"
    )
    istiod = mutual.one("Release", "istiod")
    assert istiod.inputs["values"]["cni"] == {"enabled": True}
    assert "istio-cni" in istiod.dependencies


def test_without_it_no_pod_has_a_sidecar() -> None:
    run = run_stack("dev")
    assert not run.of("PeerAuthentication")
    assert "labels" not in predictor(run)
    assert "istio-cni" not in [release.name for release in run.of("Release")]
    assert run.one("Release", "istiod").inputs["values"]["cni"] == {"enabled": False}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"security.mutualTls": True}, "slipway:security.mutualTls: True: without Istio's CNI plugin sidecars need"),
        (
            {"platform": {"meshCni": "install", "mesh": "existing"}},
            "slipway:platform.meshCni: 'install': an istiod that is there must know of the plugin",
        ),
        (
            {"security.mutualTls": True, "platform.meshCni": "install", "models.0.mode": "Knative"},
            "slipway:models[0].mode: 'Knative': Knative's parts are outside of the mesh",
        ),
    ],
)
def test_what_would_not_be_protected_is_a_fault(changes: dict[str, Any], line: str) -> None:
    def change(data: dict[str, Any]) -> None:
        for path, value in changes.items():
            set_at(path, value)(data)

    found = faults(change)
    assert any(fault.startswith(line) for fault in found), found
