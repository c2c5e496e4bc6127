"""NetworkPolicies: nothing but name resolution, then each flow that a stack needs. Pure functions make the specs.

Probes of the kubelet need no rule: Kubernetes lets a node reach its own pods.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from components import settings as s

Spec = Mapping[str, Any]
Peer = Mapping[str, Any]

MODEL, MODEL_METRICS = 8080, 8082
# https://github.com/knative/serving/blob/main/pkg/networking/constants.go: requests (HTTP/1, HTTP/2, TLS), the queue's
# admin and metrics (autoscaler's, user's).
QUEUE_REQUESTS = (8012, 8013, 8112)
QUEUE_OWN = (8022, 9090, 9091)
ISTIOD = 15012
DNS = 53
# NodeLocal DNSCache, where a cluster has it, answers on the node and not from a pod.
NODE_DNS = "169.254.20.10/32"


def namespace(name: str, labels: Mapping[str, str] | None = None) -> Peer:
    """The pods of a namespace, or those with `labels` in it."""
    peer: dict[str, Any] = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    return {**peer, "podSelector": {"matchLabels": dict(labels)}} if labels else peer


def pods(labels: Mapping[str, str]) -> Peer:
    """Pods with `labels` in the policy's own namespace."""
    return {"podSelector": {"matchLabels": dict(labels)}}


def ports(*numbers: int, protocol: str = "TCP") -> list[dict[str, Any]]:
    return [{"protocol": protocol, "port": number} for number in numbers]


def from_(peers: Sequence[Peer], *numbers: int) -> dict[str, Any]:
    """An ingress rule; no peers means from everywhere."""
    return {**({"from": list(peers)} if peers else {}), "ports": ports(*numbers)}


def to(peers: Sequence[Peer], *numbers: int) -> dict[str, Any]:
    """An egress rule; no peers means to everywhere."""
    return {**({"to": list(peers)} if peers else {}), "ports": ports(*numbers)}


def policy(
    selector: Mapping[str, Any], ingress: Sequence[Mapping[str, Any]] = (), egress: Sequence[Mapping[str, Any]] = ()
) -> Spec:
    """A NetworkPolicy's `spec` that denies both directions for the selected pods, but for these rules."""
    return {
        "podSelector": dict(selector),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": list(ingress),
        "egress": list(egress),
    }


def default_deny() -> Spec:
    """For every pod of a namespace: name resolution, and nothing else."""
    resolvers = [namespace("kube-system"), {"ipBlock": {"cidr": NODE_DNS}}]
    return policy({}, egress=[{"to": resolvers, "ports": [*ports(DNS, protocol="UDP"), *ports(DNS)]}])


def gateway(settings: s.Settings) -> Peer:
    """The pods of the ingress gateway."""
    return namespace(settings.ingress.gateway.namespace, settings.ingress.gateway.selector)


def prometheus(settings: s.Settings) -> list[Peer]:
    """Where the models' metrics are read from; empty (everywhere) when its URL does not name a namespace."""
    if settings.platform.prometheus == "install":
        return [namespace("monitoring")]
    host = urlsplit(settings.platform.prometheus_url or "").hostname or ""
    _, _, rest = host.partition(".")
    name, _, service = rest.partition(".")
    return [namespace(name)] if name and service.startswith("svc") else []


def for_models(settings: s.Settings) -> dict[str, Spec]:
    """Policies of a namespace of models, by name."""
    knative = namespace("knative-serving")
    ingress = [from_([gateway(settings)], MODEL, *QUEUE_REQUESTS), from_(prometheus(settings), MODEL_METRICS)]
    if settings.platform.serverless != "off":
        ingress.append(from_([knative], *QUEUE_REQUESTS, *QUEUE_OWN))
    egress = [to([namespace(settings.ingress.gateway.namespace)], ISTIOD)] if settings.security.mutual_tls else []
    return {"default-deny": default_deny(), "models": policy({}, ingress, egress)}
