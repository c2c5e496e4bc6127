"""The way in: whose it is, what its certificate is for, and who is let through."""

import copy
from typing import Any

import pytest

from components.settings import parse_settings
from tests.unit.authorization import Request, passes
from tests.unit.certificates import pair
from tests.unit.engine import Run, run_stack
from tests.unit.test_settings import GOOD, faults, set_at

NAME = "mlflow-wine-classifier"
MODEL, MLFLOW = f"{NAME}-models.slipway.localhost", "mlflow.slipway.localhost"
JWT = {"issuer": "https://idp.test", "jwksUri": "https://idp.test/keys", "audiences": ["models"]}


def ingress(issuer: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The dev stack with TLS, a host for MLflow, and `changes` of the ingress."""
    dev = {"domain": "slipway.localhost", "serviceType": "NodePort", "nodePorts": {"http2": 30080, "https": 30443}}
    tls = {"tls": {"issuer": issuer}}
    return {"ingress": {**dev, **tls, **changes}, "tracking": {"hosts": [MLFLOW], "auth": True}}


@pytest.fixture(scope="module")
def dev() -> Run:
    return run_stack("dev")


@pytest.fixture(scope="module")
def secure() -> Run:
    return run_stack("dev", ingress({"selfSigned": {}}, auth={"apiKeys": ["shop"], "jwt": [JWT]}))


def spec(run: Run, kind: str, name: str) -> dict[str, Any]:
    return dict(run.one(kind, name).inputs["spec"])


def test_a_host_is_served_only_by_routes_of_its_own_namespace(dev: Run) -> None:
    [server] = spec(dev, "Gateway", "gateway")["servers"]
    assert server["hosts"] == [f"models/{MODEL}", "mlops/*"]
    assert spec(dev, "Gateway", "gateway")["selector"] == {"istio": "ingressgateway"}
    assert spec(dev, "VirtualService", f"{NAME}-route")["gateways"] == ["istio-ingress/slipway-models"]


def test_without_tls_there_is_neither_a_certificate_nor_a_policy(dev: Run) -> None:
    for kind in ("Certificate", "Issuer", "AuthorizationPolicy", "RequestAuthentication"):
        assert not dev.of(kind)
    assert "certificateAuthority" not in dev.outputs
    assert "apiKeys" not in dev.outputs


@pytest.mark.parametrize("mode", ["Standard", "Knative"])
def test_kserve_and_knative_open_nothing_by_themselves(mode: str) -> None:
    run = run_stack("dev", {"models": [{"name": NAME, "source": "models:/wine-quality-model/1", "mode": mode}]})
    labels = run.one("InferenceService").inputs["metadata"]["labels"]
    assert set(labels) == {"networking.kserve.io/visibility", "networking.knative.dev/visibility"}
    assert set(labels.values()) == {"cluster-local"}
    assert run.one("Release", "kserve-resources").inputs["values"]["kserve"]["controller"]["gateway"] == {
        "domain": "slipway.localhost",
        "disableIngressCreation": True,
    }
    assert not run.of("Ingress")


def test_a_knative_model_is_asked_through_knatives_own_gateway_by_its_inner_name() -> None:
    run = run_stack("dev", {"models": [{"name": NAME, "source": "models:/wine-quality-model/1", "mode": "Knative"}]})
    route = spec(run, "VirtualService", f"{NAME}-route")
    assert route["hosts"] == [MODEL]
    assert route["http"][0]["route"] == [
        {
            "destination": {
                "host": "knative-local-gateway.istio-ingress.svc.cluster.local",
                "port": {"number": 80},
            },
            "weight": 100,
            "headers": {"request": {"set": {"Host": f"{NAME}-predictor.models.svc.cluster.local"}}},
        }
    ]


def test_with_tls_plain_http_is_only_redirected(secure: Run) -> None:
    [server] = spec(secure, "Gateway", "gateway")["servers"]
    assert server["hosts"] == [f"models/{MODEL}", f"mlops/{MLFLOW}"]
    assert server["port"]["protocol"] == "HTTPS"
    assert server["tls"]["credentialName"] == spec(secure, "Certificate", "gateway-certificate")["secretName"]
    redirect = spec(secure, "VirtualService", "gateway-redirect")
    # No route of another namespace comes in beside it.
    [plain] = spec(secure, "Gateway", "gateway-http")["servers"]
    assert plain["hosts"] == [f"istio-ingress/{MODEL}", f"istio-ingress/{MLFLOW}"]
    assert redirect["gateways"] == ["istio-ingress/slipway-models-http"]
    assert redirect["hosts"] == [MODEL, MLFLOW]
    assert redirect["http"] == [{"redirect": {"scheme": "https", "redirectCode": 308, "port": 8443}}]
    for route in (f"{NAME}-route", "mlflow-route"):
        assert spec(secure, "VirtualService", route)["gateways"] == ["istio-ingress/slipway-models"]


def test_the_certificate_names_every_host_and_its_authority_is_known_to_whoever_asks(secure: Run) -> None:
    assert spec(secure, "Certificate", "gateway-certificate")["dnsNames"] == [MODEL, MLFLOW]
    assert spec(secure, "Certificate", "gateway-ca")["isCA"] is True
    authority = secure.one("CaCertificate", "gateway-ca-certificate")
    assert "gateway-certificate" in authority.dependencies
    gate = secure.one("Predictions", "predictions").inputs
    assert (gate["address"], gate["tls"], gate["ca"]) == ("127.0.0.1:8443", True, "PEM")
    files = secure.one("ModelFiles", f"{NAME}-files").inputs
    assert files["trust"] == "PEM"
    assert secure.outputs["tracking"] == f"https://{MLFLOW}:8443"
    assert secure.outputs["certificateAuthority"] == "PEM"


def test_no_secret_of_a_certificate_stays_behind(secure: Run) -> None:
    """cert-manager leaves the Secrets that it fills; those that the stack declared go with it."""
    declared = {entry.inputs["metadata"]["name"] for entry in secure.of("Secret")}
    filled = {entry.inputs["spec"]["secretName"] for entry in secure.of("Certificate")}
    assert len(filled) == 2
    assert filled <= declared
    assert "gateway-certificate-secret" in secure.one("Certificate", "gateway-certificate").dependencies


def test_a_certificate_waits_for_cert_manager_and_a_route_for_the_certificate(secure: Run) -> None:
    assert {"cert-manager", "gateway-root"} <= secure.one("Certificate", "gateway-ca").dependencies
    assert "gateway-ca-certificate" in secure.one("VirtualService", f"{NAME}-route").dependencies


SHOP, IDP = "slipway-1a2b/shop.0", "https://idp.test/somebody"
FOREIGN = "app.example.com"


def at_gateway(run: Run, **request: Any) -> bool:
    return passes([spec(run, "AuthorizationPolicy", "gateway-clients")], Request(**request))


@pytest.mark.parametrize("port", [443, 80, 8080, 8443])
@pytest.mark.parametrize("host", [MODEL, f"{MODEL}:8443", MODEL.upper(), FOREIGN, "10.0.0.7", f"x.{MODEL}"])
def test_nobody_gets_past_the_stacks_own_gateway_by_whatever_host_or_port(secure: Run, host: str, port: int) -> None:
    assert not at_gateway(secure, host=host, port=port)
    assert not at_gateway(secure, host=host, port=port, principal="slipway-1a2b/removed.0")
    assert at_gateway(secure, host=host, port=port, principal=SHOP)
    assert at_gateway(secure, host=host, port=port, principal=IDP, audiences=("other", "models"))


def test_mlflow_has_users_of_its_own_whose_passwords_are_no_tokens(secure: Run) -> None:
    assert at_gateway(secure, host=MLFLOW)
    assert at_gateway(secure, host=f"{MLFLOW}:8443")
    assert not at_gateway(secure, host=f"{MLFLOW}.example.com")


def test_a_token_for_another_audience_is_refused_whoever_accepted_it(secure: Run) -> None:
    """Istio checks a token against every rule of a gateway, a neighbour's too."""
    for audiences in ((), ("other",), ("models-of-others",)):
        assert not at_gateway(secure, host=MODEL, principal=IDP, audiences=audiences)
    open_ = ingress({"selfSigned": {}}, auth={"jwt": [{key: JWT[key] for key in ("issuer", "jwksUri")}]})
    assert at_gateway(run_stack("dev", open_), host=MODEL, principal=IDP, audiences=("other",))


def test_what_others_serve_at_the_gateway_is_left_to_them_where_the_stack_names_it() -> None:
    shared = ingress({"selfSigned": {}}, auth={"apiKeys": ["shop"]}, foreignHosts=[FOREIGN, "*.others.example.com"])
    run = run_stack("dev", shared)
    assert at_gateway(run, host=FOREIGN)
    assert at_gateway(run, host="wine.others.example.com")
    assert not at_gateway(run, host=MODEL)


def test_at_a_gateway_that_is_there_only_the_stacks_own_hosts_ask_for_its_credentials() -> None:
    changes = ingress({"selfSigned": {}}, auth={"apiKeys": ["shop"]}, nodePorts={})
    run = run_stack("dev", {**changes, "platform": {"mesh": "existing"}})
    assert at_gateway(run, host=FOREIGN)
    for port in (80, 443, 8080):
        assert not at_gateway(run, host=MODEL, port=port)
        assert not at_gateway(run, host=f"{MODEL}:{port}", port=port)


def test_only_lets_encrypts_question_needs_no_credential_and_only_where_it_asks() -> None:
    challenge = {"host": "mlflow-wine-classifier-models.models.example.com", "path": "/.well-known/acme-challenge/x"}
    acme = run_stack("prod")
    assert at_gateway(acme, **challenge, port=80, method="GET")
    assert not at_gateway(acme, **challenge, port=80, method="POST")
    assert not at_gateway(acme, **challenge, port=443, method="GET")
    assert not at_gateway(acme, **{**challenge, "path": "/v2"}, port=80, method="GET")
    ingress_ = {"domain": "models.example.com", "tls": {"issuer": {"selfSigned": {}}}, "auth": {"apiKeys": ["shop"]}}
    assert not at_gateway(run_stack("prod", {"ingress": ingress_}), **challenge, port=80, method="GET")


def test_a_request_that_was_let_in_reaches_knative_through_the_gateway_again(secure: Run) -> None:
    assert at_gateway(secure, host=f"{NAME}-predictor.models.svc.cluster.local", port=8081)


def test_the_api_server_lets_nobody_else_write_ways_to_the_models(secure: Run, dev: Run) -> None:
    """What the policies say is tried on a real one in tests/embedded/test_admission.py."""
    names = {entry.inputs["metadata"]["name"] for entry in secure.of("ValidatingAdmissionPolicy")}
    assert names == {"slipway-models-routes", "slipway-models-certificates"}
    bound = [entry.inputs["spec"] for entry in secure.of("ValidatingAdmissionPolicyBinding")]
    assert {each["policyName"] for each in bound} == names
    assert [each["validationActions"] for each in bound] == [["Deny"]] * 2
    assert all(entry.inputs["spec"]["failurePolicy"] == "Fail" for entry in secure.of("ValidatingAdmissionPolicy"))
    assert not dev.of("ValidatingAdmissionPolicy")


@pytest.mark.parametrize(
    ("issuer", "mode"),
    [
        ({"selfSigned": {}}, "OFF"),
        ({"existing": {"name": "company"}}, "OFF"),
        ({"acme": {"email": "a@b.test", "solver": {"dns01": {}}}}, "OFF"),
        ({"acme": {"email": "a@b.test"}}, "STRICT"),
        ({"acme": {"email": "a@b.test", "solver": {"http01": {"ingress": {"class": "istio"}}}}}, "STRICT"),
    ],
)
def test_an_ingress_of_whoever_may_write_one_leads_nowhere_unless_lets_encrypt_needs_one(
    issuer: dict[str, Any], mode: str
) -> None:
    run = run_stack("prod", {"ingress": {"domain": "models.example.com", "tls": {"issuer": issuer}}})
    assert run.one("Release", "istiod").inputs["values"]["meshConfig"] == {"ingressControllerMode": mode}
    assert run_stack("dev").one("Release", "istiod").inputs["values"]["meshConfig"] == {"ingressControllerMode": "OFF"}


def test_a_key_is_taken_as_a_bearer_and_as_x_api_key(secure: Run) -> None:
    own, provider = spec(secure, "RequestAuthentication", "gateway-tokens")["jwtRules"]
    assert own["fromHeaders"] == [{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-api-key"}]
    assert own["jwks"] == '{"keys": []}'
    assert provider == JWT


def test_keys_are_secret_and_the_private_one_leaves_the_state_nowhere(secure: Run) -> None:
    assert set(secure.one("ApiKeys", "api-keys").secret_outputs) == {"keys", "private_key"}
    gate = secure.one("Predictions", "predictions")
    assert gate.secret_outputs == ["key"]
    assert gate.raw["key"]["4dabf18193072939515e22adb298388d"]
    assert secure.outputs["apiKeys"] == {"shop": "k3y", "slipway": "k3y"}
    assert "private_key" not in str([entry.inputs for entry in secure.kubernetes])


def test_an_authority_of_the_users_is_a_secret_and_another_one_signs_anew() -> None:
    def issuer(name: str) -> str:
        certificate, key = pair(name)
        run = run_stack("dev", ingress({"ca": {"certificate": certificate, "key": key}}))
        secret = run.one("Secret", "gateway-ca")
        assert "4dabf18193072939515e22adb298388d" in str(secret.raw["stringData"])
        issuer = run.one("ClusterIssuer", "gateway-issuer").inputs
        assert issuer["spec"] == {"ca": {"secretName": secret.inputs["metadata"]["name"]}}
        assert spec(run, "Certificate", "gateway-certificate")["issuerRef"]["name"] == issuer["metadata"]["name"]
        return str(issuer["metadata"]["name"])

    assert issuer("A") != issuer("B")


def test_acme_is_asked_by_http_unless_the_stack_says_how() -> None:
    run = run_stack("prod")
    acme = spec(run, "ClusterIssuer", "gateway-issuer")["acme"]
    assert acme["email"] == "platform@example.com"
    assert acme["solvers"] == [{"http01": {"ingress": {"class": "istio", "serviceType": "ClusterIP"}}}]
    solver = {"dns01": {"route53": {"region": "eu-central-1"}}}
    changed = {"domain": "models.example.com", "tls": {"issuer": {"acme": {"email": "a@b.test", "solver": solver}}}}
    run = run_stack("prod", {"ingress": changed})
    assert spec(run, "ClusterIssuer", "gateway-issuer")["acme"]["solvers"] == [solver]


def test_an_issuer_of_the_clusters_is_named_and_nothing_else_is_made() -> None:
    run = run_stack("dev", ingress({"existing": {"name": "company"}}))
    reference = spec(run, "Certificate", "gateway-certificate")["issuerRef"]
    assert reference == {"name": "company", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    assert not run.of("Issuer")
    assert not run.of("ClusterIssuer")


@pytest.mark.parametrize(
    "issuer", [{"selfSigned": {}}, {"ca": dict(zip(("certificate", "key"), pair("A"), strict=True))}]
)
def test_the_gateway_may_read_neither_the_authoritys_key_nor_the_meshs(issuer: dict[str, Any]) -> None:
    """Istio's chart lets a gateway read every Secret of its namespace."""
    run = run_stack("dev", ingress(issuer))
    where = {entry.name: entry.inputs["namespace"] for entry in run.of("Release")}
    assert where["istio-gateway"] == "istio-ingress" != where["istiod"]
    beside = {
        entry.inputs["metadata"]["name"]
        for entry in run.of("Secret")
        if entry.inputs["metadata"]["namespace"] == "istio-ingress"
    }
    assert beside == {"slipway-models-tls"}
    assert run.one("ClusterIssuer", "gateway-issuer").inputs["metadata"].keys() == {"name"}


def test_cert_manager_may_keep_its_issuers_keys_elsewhere() -> None:
    tls = {"issuer": {"selfSigned": {}}, "authorityNamespace": "pki"}
    run = run_stack("dev", {**ingress({}, tls=tls), "platform": {"certificates": "existing"}})
    for kind, name in (("Issuer", "gateway-root"), ("Certificate", "gateway-ca"), ("Secret", "gateway-ca-secret")):
        assert run.one(kind, name).inputs["metadata"]["namespace"] == "pki"


def test_a_gateway_that_is_there_is_found_by_its_namespace_and_labels() -> None:
    gateway = {"namespace": "edge", "selector": {"app": "edge"}}
    changes = ingress({"selfSigned": {}}, gateway=gateway, auth={"apiKeys": ["shop"]}, nodePorts={})
    run = run_stack("dev", {**changes, "platform": {"mesh": "existing"}})
    for kind, name in (("Gateway", "gateway"), ("Certificate", "gateway-certificate")):
        assert run.one(kind, name).inputs["metadata"]["namespace"] == "edge"
    assert spec(run, "Gateway", "gateway")["selector"] == {"app": "edge"}
    for kind in ("AuthorizationPolicy", "RequestAuthentication"):
        assert run.one(kind).inputs["metadata"]["namespace"] == "edge"
        assert run.one(kind).inputs["spec"]["selector"] == {"matchLabels": {"app": "edge"}}


def test_the_gateways_service_is_annotated_for_the_clouds_load_balancer() -> None:
    annotations = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
    run = run_stack(
        "prod",
        {
            "ingress": {"domain": "models.example.com", "annotations": annotations},
            "tracking": {"hosts": ["mlflow.example.com"]},
        },
    )
    service = run.one("Release", "istio-gateway").inputs["values"]["service"]
    assert (service["type"], service["annotations"]) == ("LoadBalancer", annotations)


def test_without_a_mesh_and_without_models_there_is_no_gateway() -> None:
    run = run_stack("dev", {"models": [], "platform": {"mesh": "off", "serverless": "off", "serving": "off"}})
    assert not run.of("Gateway")
    assert not run.of("VirtualService")
    assert run.of("Deployment")


# The example of RFC 7517, appendix A.1.
KEYS = (
    '{"keys": [{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", '
    '"y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}'
)
SECURE = {
    "ingress": {
        "domain": "slipway.localhost",
        "tls": {"issuer": {"selfSigned": {}}},
        "auth": {"apiKeys": ["shop"], "jwt": [{"issuer": "https://idp.test", "jwks": KEYS}]},
    },
    "tracking": {"hosts": ["mlflow.slipway.localhost"], "auth": True},
}


def test_the_settings_that_the_faults_below_start_from_have_none() -> None:
    parse_settings({**GOOD, **SECURE})


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("ingress.tls.issuer", {"ca": {"certificate": "A", "key": "K"}, "selfSigned": {}}, "issuer: write exactly one"),
        ("ingress.tls.issuer", {}, "issuer: write exactly one"),
        ("ingress.tls.issuer.acme", {"email": "a@b.test"}, "issuer.acme: its server cannot reach a kind cluster"),
        ("ingress.tls", None, "auth: keys and tokens would cross the network in the clear"),
        ("ingress.auth", {}, "auth: nobody would be let in"),
        ("ingress.auth.apiKeys", ["slipway"], "apiKeys[0]: 'slipway': Slipway's own key has this name"),
        ("ingress.auth.apiKeys", ["a", "a"], "apiKeys[1]: 'a': two clients have this name"),
        ("ingress.auth.jwt.0.jwksUri", "https://idp.test/k", "jwt[0]: 'https://idp.test': write exactly one of"),
        ("ingress.auth.jwt.0.jwks", "{}", "jwt[0].jwks: a text: write a JSON Web Key Set"),
        ("ingress.auth.jwt.0.jwks", '{"keys": [{"kty": "oct", "k": "s"}]}', "jwt[0].jwks: a text: a private or"),
        ("tracking.auth", False, "tracking.auth: False: the models ask for a credential, MLflow at the same gateway"),
        ("tracking.hosts", [], "tracking.hosts: a certificate is for a name; write one, such as mlflow.slipway"),
        ("platform.certificates", "off", "platform.certificates: 'off': TLS needs cert-manager"),
        ("platform.mesh", "off", "platform.mesh: 'off': models are reached through Istio's gateway"),
        ("ingress.gateway", {"namespace": "edge"}, "ingress.gateway: Slipway installs the gateway"),
        ("ingress.tls.authorityNamespace", "pki", "authorityNamespace: 'pki': Slipway installs cert-manager"),
        ("ingress.nodePorts", {"https": 30443}, "ingress.nodePorts: a ClusterIP has none"),
    ],
)
def test_what_would_leave_the_door_open_is_a_fault(path: str, value: Any, line: str) -> None:
    def change(data: dict[str, Any]) -> None:
        data.update(copy.deepcopy(SECURE))
        if path == "ingress.nodePorts":
            set_at("ingress.serviceType", "ClusterIP")(data)
        set_at(path, value)(data)

    found = faults(change)
    assert any(line in fault for fault in found), found


@pytest.mark.parametrize(
    "tracking",
    [
        {"hosts": ["mlflow.slipway.localhost"], "auth": True},
        # Without a name it is at /mlflow of every other.
        {"auth": True},
        {"auth": True, "uri": "https://localhost/mlflow"},
    ],
)
def test_a_password_in_the_clear_is_a_fault(tracking: dict[str, Any]) -> None:
    found = faults(set_at("tracking", tracking))
    assert found == ["slipway:tracking.auth: True: passwords would cross the network in the clear; write ingress.tls"]


@pytest.mark.parametrize("uri", ["http://mlflow.slipway.localhost", "http://127.0.0.1:5000/mlflow"])
@pytest.mark.parametrize("mesh", ["install", "off"])
def test_a_password_to_an_address_without_tls_is_a_fault(uri: str, mesh: str) -> None:
    def change(data: dict[str, Any]) -> None:
        data.update(copy.deepcopy(SECURE))
        set_at("tracking.uri", uri)(data)
        if mesh == "off":
            data.update({"platform": {"mesh": "off"}, "models": [], "ingress": {"domain": "slipway.localhost"}})

    assert any(f"slipway:tracking.uri: '{uri}': with tracking.auth, passwords" in fault for fault in faults(change))


def test_a_password_in_an_address_is_a_fault_and_is_not_shown() -> None:
    found = faults(set_at("tracking.uri", "https://admin:hunter2@mlflow.test"))
    assert any("slipway:tracking.uri: a text: credentials in a URL are not kept secret" in fault for fault in found)
    assert "hunter2" not in "".join(found)


def test_keys_that_come_in_the_clear_are_a_fault() -> None:
    def change(data: dict[str, Any]) -> None:
        data.update(copy.deepcopy(SECURE))
        set_at("ingress.auth.jwt.0", {"issuer": "https://idp.test", "jwksUri": "http://idp.test/keys"})(data)

    [fault] = faults(change)
    assert "jwt[0].jwksUri: 'http://idp.test/keys': keys that come in the clear can be swapped" in fault


def test_options_of_a_gateway_that_is_not_ours_are_faults() -> None:
    def change(data: dict[str, Any]) -> None:
        set_at("ingress.annotations", {"a": "b"})(data)
        set_at("ingress.foreignHosts", ["app.example.com"])(data)
        set_at("platform.mesh", "existing")(data)

    for key in ("annotations", "foreignHosts"):
        assert any(f"ingress.{key}: only for the gateway that Slipway installs" in fault for fault in faults(change))


def test_an_authoritys_key_is_never_shown() -> None:
    found = faults(set_at("ingress.tls", {"issuer": {"ca": {"certificate": "A", "key": ["hunter2"]}}}))
    assert found
    assert "hunter2" not in "".join(found)


def test_what_is_in_the_gateways_namespace_waits_for_it(secure: Run) -> None:
    inside = [
        entry
        for entry in secure.kubernetes
        if entry.custom and entry.inputs.get("metadata", {}).get("namespace") == "istio-ingress"
    ]
    assert len(inside) >= 7
    assert not [entry for entry in inside if "istio-gateway" not in entry.dependencies]
