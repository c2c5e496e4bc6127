"""What the API server lets nobody else write: ways to the models, and requests for the gateway's certificate.

Whoever may write a route anywhere in the cluster could lead it past what the gateway asks for, and whoever may ask
cert-manager for a certificate could have one for the gateway's names: its ClusterIssuers know no namespaces.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import ResourceOptions

from components import settings as s
from components.ingress.certificate import issuer_reference
from components.settings.parts import istio, knative


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What may not be written: kinds, by API group, outside of some namespaces, unless `allowed` (CEL) holds."""

    resources: Mapping[str, Sequence[str]]
    outside: Sequence[str]
    allowed: str
    message: str


@dataclass(frozen=True, kw_only=True)
class AdmissionArgs:
    rules: Mapping[str, Rule]
    # Of the objects, so that several stacks can share a cluster.
    name: str


def _any(of: str, path: str, found: str) -> str:
    """CEL: whether a list that may not be there has an item for which `found` holds."""
    return f"(has({of}.{path}) && {of}.{path}.exists(each, {found}))"


def _service_of(namespaces: Sequence[str]) -> str:
    """CEL: a pattern of the names of the Services in these namespaces."""
    inside = "|".join(re.escape(name).replace("\\", "\\\\") for name in namespaces)
    return f"'^[^.]+\\\\.({inside})(\\\\.svc(\\\\..*)?)?$'"


def leads_to(namespaces: Sequence[str], gateway: str) -> str:
    """CEL: whether the object leads requests to a Service of one of the namespaces, or back to the gateway's.

    Knative makes aliases of the gateway's Service wherever somebody serves something with it.
    """
    pattern, beside = _service_of([*namespaces, gateway]), _service_of(namespaces)
    nested = f"has(inner.destination) && inner.destination.host.matches({pattern})"

    def routed(kind: str) -> str:
        inner = f"has(each.route) && each.route.exists(inner, {nested})"
        mirrored = (
            f"(has(each.mirror) && each.mirror.host.matches({pattern})) || "
            f"(has(each.mirrors) && each.mirrors.exists(inner, {nested}))"
        )
        return _any("object.spec", kind, f"({inner}) || {mirrored}" if kind == "http" else inner)

    virtual_service = " || ".join(routed(kind) for kind in ("http", "tcp", "tls"))
    entry = f"{_any('object.spec', 'hosts', f'each.matches({beside})')} || " + _any(
        "object.spec", "endpoints", f"has(each.address) && each.address.matches({beside})"
    )
    alias = f"has(object.spec.externalName) && object.spec.externalName.matches({beside})"
    by_kind = {"VirtualService": virtual_service, "ServiceEntry": entry, "Service": alias}
    return " || ".join(f"(object.kind == '{kind}' && ({found}))" for kind, found in by_kind.items())


def takes(selector: Mapping[str, str]) -> str:
    """CEL: whether the object is a Gateway of Istio's for the pods with these labels, or for all."""
    found = "(key == '{}' && object.spec.selector[key] == '{}')"
    labels = " || ".join(found.format(*label) for label in selector.items())
    return (
        "(object.kind == 'Gateway' && (!has(object.spec.selector) || object.spec.selector.size() == 0 || "
        f"object.spec.selector.exists(key, {labels})))"
    )


# CEL: whether the object is an Ingress that Istio would serve.
SERVED = (
    "(object.kind == 'Ingress' && ((has(object.spec.ingressClassName) && object.spec.ingressClassName == 'istio') || "
    "(has(object.metadata.annotations) && 'kubernetes.io/ingress.class' in object.metadata.annotations && "
    "object.metadata.annotations['kubernetes.io/ingress.class'] == 'istio')))"
)


def routes(settings: s.Settings) -> Rule:
    """Ways to the models are written in the stack's own namespaces alone, and Knative's."""
    gateway, names = settings.ingress.gateway, settings.namespaces
    own = [names.models, *(team.name for team in settings.teams), names.data]
    refused = [leads_to(own, gateway.namespace)]
    resources = {"networking.istio.io": ["virtualservices", "serviceentries", "gateways"], "": ["services"]}
    if settings.platform.mesh == "install":
        # At a gateway of others', theirs are none of ours.
        refused += [takes(gateway.selector), SERVED]
        resources["networking.k8s.io"] = ["ingresses"]
    return Rule(
        resources=resources,
        outside=[*own, gateway.namespace, knative.NAMESPACE.name, istio.NAMESPACE.name],
        allowed=f"!({' || '.join(refused)})",
        message="this leads to models past what their gateway asks for; write a route of theirs in the stack file",
    )


def certificates(issuer: str, namespace: str) -> Rule:
    """Only the gateway's own namespace asks the stack's issuer for a certificate."""
    reference = "object.spec.issuerRef"
    named = f"{reference}.name == '{issuer}' && has({reference}.kind) && {reference}.kind == 'ClusterIssuer'"
    return Rule(
        resources={"cert-manager.io": ["certificaterequests"]},
        outside=[namespace],
        allowed=f"!({named})",
        message=f"ClusterIssuer {issuer} signs for the models' gateway in {namespace} alone",
    )


def rules(settings: s.Settings) -> dict[str, Rule]:
    """What a stack's settings ask for, by name; nothing where the models answer anybody anyway."""
    ingress, mark = settings.ingress, settings.namespaces.mark
    found = {"routes": routes(settings)} if ingress.auth else {}
    if ingress.tls and not ingress.tls.issuer.existing:
        issuer = issuer_reference(ingress.tls.issuer, mark, settings.rotations.get("authority", 0))["name"]
        found["certificates"] = certificates(issuer, ingress.gateway.namespace)
    return found


def policy_spec(rule: Rule) -> dict[str, Any]:
    """The `spec` of a ValidatingAdmissionPolicy."""
    elsewhere = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": list(rule.outside)}
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "namespaceSelector": {"matchExpressions": [elsewhere]},
            "resourceRules": [
                {
                    "apiGroups": [group],
                    "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": list(resources),
                }
                for group, resources in rule.resources.items()
            ],
        },
        "validations": [{"expression": rule.allowed, "message": rule.message, "reason": "Forbidden"}],
    }


class Admission(pulumi.ComponentResource):
    """Rules of the API server's own: no webhook, and nothing of the stack's that must run for them."""

    def __init__(self, name: str, args: AdmissionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:Admission", name, None, opts)
        for rule, content in args.rules.items():
            full = f"{args.name}-{rule}"
            policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
                f"{rule}-policy", metadata={"name": full}, spec=policy_spec(content), opts=ResourceOptions(parent=self)
            )
            k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
                f"{rule}-binding",
                metadata={"name": full},
                spec={"policyName": policy.metadata["name"], "validationActions": ["Deny"]},
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})
