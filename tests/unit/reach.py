"""Who reaches whom under NetworkPolicies, as Kubernetes defines it.

A pod that no policy selects for a direction is open in it; one that is selected is open to what any of its policies
allows (https://kubernetes.io/docs/concepts/services-networking/network-policies/).
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Policies = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Pod:
    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    """Something that is no pod."""

    ip: str


Place = Pod | Address


def reaches(policies: Policies, source: Place, target: Place, port: int, protocol: str = "TCP") -> bool:
    """Whether `source` may open a connection to `target`; `policies` by namespace and name."""
    return _open(policies, source, target, port, protocol, "Egress") and _open(
        policies, target, source, port, protocol, "Ingress"
    )


def _open(policies: Policies, pod: Place, other: Place, port: int, protocol: str, direction: str) -> bool:
    if isinstance(pod, Address):
        return True
    concerned = [
        spec
        for spec in policies.get(pod.namespace, {}).values()
        if direction in spec["policyTypes"] and _selects(spec["podSelector"], pod.labels)
    ]
    rules = [rule for spec in concerned for rule in spec.get(direction.lower(), [])]
    peers = "from" if direction == "Ingress" else "to"
    return not concerned or any(
        _port(rule, port, protocol) and (peers not in rule or any(_is(peer, pod, other) for peer in rule[peers]))
        for rule in rules
    )


def _port(rule: Mapping[str, Any], port: int, protocol: str) -> bool:
    return "ports" not in rule or any(
        each.get("protocol", "TCP") == protocol and each.get("port", port) == port for each in rule["ports"]
    )


def _is(peer: Mapping[str, Any], pod: Pod, other: Place) -> bool:
    if isinstance(other, Address) or "ipBlock" in peer:
        block = peer.get("ipBlock", {}).get("cidr")
        return (
            isinstance(other, Address)
            and block is not None
            and ipaddress.ip_address(other.ip) in ipaddress.ip_network(block)
        )
    if "namespaceSelector" in peer:
        in_namespace = _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace})
    else:
        in_namespace = other.namespace == pod.namespace
    return in_namespace and _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "Exists" for each in expressions), "only Exists is played here"
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        each["key"] in labels for each in expressions
    )
