"""A real API server refuses ways past the gateway, whoever writes them, and leaves everybody else's alone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.ingress import admission
from components.settings import Embedded, parse_settings
from tests.unit.test_gateway import SECURE
from tests.unit.test_settings import GOOD
from tools.embedded import ports
from tools.embedded.control_plane import ControlPlane
from tools.environment import tools_first
from tools.toolchain.install import is_there
from tools.toolchain.pins import TOOLS

pytestmark = pytest.mark.embedded

ISTIO, CERTIFICATES = "networking.istio.io/v1", "cert-manager.io/v1"
# Of whom the embedded cluster has no definition of its own.
UNKNOWN = (("networking.istio.io", "ServiceEntry", "serviceentries"), ("cert-manager.io", "CertificateRequest", ""))
HOSTS = ("wine-predictor.models.svc.cluster.local", "wine-predictor.models", "wine.fraud.svc", "mlflow.mlops.svc")


class Kubectl:
    def __init__(self, plane: ControlPlane) -> None:
        self.command, self.env = ["kubectl", f"--kubeconfig={plane.kubeconfig}"], dict(plane.env)

    def __call__(self, *arguments: str, given: Any = None) -> subprocess.CompletedProcess[str]:
        text = json.dumps(given) if given else None
        command = [*self.command, *arguments]
        return subprocess.run(command, input=text, env=self.env, capture_output=True, text=True, check=False)

    def apply(self, *objects: Any) -> None:
        done = self("apply", "--filename=-", given={"apiVersion": "v1", "kind": "List", "items": list(objects)})
        assert done.returncode == 0, done.stderr

    def admits(self, namespace: str, version: str, kind: str, spec: Any, annotations: Any = None) -> bool:
        metadata = {"name": "x", "namespace": namespace, "annotations": annotations or {}}
        written = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        done = self("apply", "--dry-run=server", "--filename=-", given=written)
        assert done.returncode == 0 or "denied request" in done.stderr, done.stderr
        return done.returncode == 0


def definition(group: str, kind: str, plural: str) -> dict[str, Any]:
    plural = plural or f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions},
    }


def policies() -> Iterator[dict[str, Any]]:
    settings = parse_settings({**GOOD, **SECURE, "teams": [{"name": "fraud"}]})
    for name, rule in admission.rules(settings).items():
        version, metadata = "admissionregistration.k8s.io/v1", {"name": name}
        kind, spec = "ValidatingAdmissionPolicy", admission.policy_spec(rule)
        yield {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        bound = {"policyName": name, "validationActions": ["Deny"]}
        yield {"apiVersion": version, "kind": f"{kind}Binding", "metadata": metadata, "spec": bound}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    missing = [tool.name for tool in TOOLS if not is_there(tool)]
    assert not missing, f"run `make tools` first: {', '.join(missing)}"
    folder: Path = tmp_path_factory.mktemp("admission")
    plane = ControlPlane(folder, "admission", ports.choose(folder / "ports.json", Embedded(), {}), tools_first())
    try:
        plane.start()
        kubectl = Kubectl(plane)
        kubectl.apply(*(definition(*each) for each in UNKNOWN))
        for name in ("models", "mlops", "fraud", "elsewhere"):
            assert kubectl("create", "namespace", name).returncode == 0
        kubectl.apply(*policies())
        # A policy takes a moment to be held to.
        for _ in range(60):
            if not kubectl.admits("elsewhere", "v1", "Service", {"externalName": HOSTS[0], "type": "ExternalName"}):
                break
        yield kubectl
    finally:
        plane.stop()


def route(host: str, **more: Any) -> dict[str, Any]:
    http = {"route": [{"destination": {"host": host}}], **more}
    return {"hosts": ["app.example.com"], "gateways": ["x/y"], "http": [http]}


@pytest.mark.parametrize("host", [*HOSTS, "knative-local-gateway.istio-ingress.svc.cluster.local"])
def test_only_the_stacks_own_namespaces_lead_to_its_services(cluster: Kubectl, host: str) -> None:
    assert not cluster.admits("elsewhere", ISTIO, "VirtualService", route(host))
    for own in ("models", "fraud", "mlops", "istio-ingress"):
        assert cluster.admits(own, ISTIO, "VirtualService", route(host))


@pytest.mark.parametrize(
    "spec",
    [
        route("shop", mirror={"host": "wine.models.svc"}),
        route("shop", mirrors=[{"destination": {"host": "wine.models.svc"}}]),
        {
            "hosts": ["a.b"],
            "tls": [{"match": [{"sniHosts": ["a"]}], "route": [{"destination": {"host": "w.models"}}]}],
        },
        {"hosts": ["a.b"], "tcp": [{"route": [{"destination": {"host": "wine.models.svc.cluster.local"}}]}]},
    ],
)
def test_no_kind_of_route_gets_around_it(cluster: Kubectl, spec: Any) -> None:
    assert not cluster.admits("elsewhere", ISTIO, "VirtualService", spec)


OTHERS = ("shop.elsewhere.svc.cluster.local", "models", "shop.mymodels.svc", "models.example.com", "a.models.test")


@pytest.mark.parametrize("host", OTHERS)
def test_everybody_elses_routes_are_theirs(cluster: Kubectl, host: str) -> None:
    assert cluster.admits("elsewhere", ISTIO, "VirtualService", route(host))


def test_an_alias_of_a_model_is_refused_and_knatives_own_are_not(cluster: Kubectl) -> None:
    def alias(name: str) -> bool:
        return cluster.admits("elsewhere", "v1", "Service", {"type": "ExternalName", "externalName": name})

    assert not alias("wine-predictor.models.svc.cluster.local")
    assert alias("api.example.com")
    assert alias("knative-local-gateway.istio-ingress.svc.cluster.local")
    assert not cluster.admits("elsewhere", ISTIO, "ServiceEntry", {"hosts": ["wine.models.svc.cluster.local"]})
    entry = {"hosts": ["a.b"], "endpoints": [{"address": "wine.models.svc.cluster.local"}]}
    assert not cluster.admits("elsewhere", ISTIO, "ServiceEntry", entry)
    assert cluster.admits("elsewhere", ISTIO, "ServiceEntry", {"hosts": ["api.example.com"]})


@pytest.mark.parametrize(
    ("selector", "admitted"),
    [
        ({"istio": "ingressgateway"}, False),
        ({"istio": "ingressgateway", "a": "b"}, False),
        (None, False),
        ({"app": "mine"}, True),
    ],
)
def test_nobody_else_opens_a_listener_at_the_stacks_own_gateway(
    cluster: Kubectl, selector: Any, admitted: bool
) -> None:
    servers = [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]
    spec = {"servers": servers, **({"selector": selector} if selector else {})}
    assert cluster.admits("elsewhere", ISTIO, "Gateway", spec) == admitted
    assert cluster.admits("istio-ingress", ISTIO, "Gateway", spec)


def test_nobody_else_writes_an_ingress_that_istio_would_serve(cluster: Kubectl) -> None:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s", "port": {"number": 80}}}}
    spec = {"rules": [{"host": "a.b", "http": {"paths": [path]}}]}
    api, old = "networking.k8s.io/v1", {"kubernetes.io/ingress.class": "istio"}
    assert not cluster.admits("elsewhere", api, "Ingress", {**spec, "ingressClassName": "istio"})
    assert not cluster.admits("elsewhere", api, "Ingress", spec, old)
    assert cluster.admits("istio-ingress", api, "Ingress", spec, old)
    assert cluster.admits("elsewhere", api, "Ingress", {**spec, "ingressClassName": "nginx"})


def test_nobody_else_has_a_certificate_signed_by_the_gateways_issuer(cluster: Kubectl) -> None:
    def signed(namespace: str, **reference: str) -> bool:
        return cluster.admits(namespace, CERTIFICATES, "CertificateRequest", {"issuerRef": reference})

    assert not signed("elsewhere", name="slipway-models", kind="ClusterIssuer", group="cert-manager.io")
    assert signed("istio-ingress", name="slipway-models", kind="ClusterIssuer", group="cert-manager.io")
    assert signed("elsewhere", name="slipway-models")
    assert signed("elsewhere", name="company", kind="ClusterIssuer")
