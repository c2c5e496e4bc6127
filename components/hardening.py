"""What every part of the platform gets alike, in the words of each chart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi import Input

from components.placement import ONE_AT_A_TIME, spread

RUNTIME_DEFAULT = {"type": "RuntimeDefault"}


@dataclass(frozen=True, kw_only=True)
class Hardening:
    # Of every part that can have several.
    replicas: int = 1
    # The PriorityClass of the parts.
    priority: Input[str] = ""
    # Of the parts' namespaces.
    labels: Mapping[str, str] = field(default_factory=dict)
    network_policies: bool = False

    @property
    def several(self) -> bool:
        return self.replicas > 1

    def spread(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Spread constraints for pods with `labels`; none for a single pod."""
        return spread(labels) if self.several else []

    def budget(self) -> dict[str, Any]:
        """The `podDisruptionBudget` of the charts that know an `enabled`."""
        return {"enabled": True, **ONE_AT_A_TIME} if self.several else {"enabled": False}


def at_most(labels: Mapping[str, str], level: str) -> dict[str, str]:
    """The labels of a namespace with a workload that is not fit for more than `level`: it is warned of, not refused."""
    key = "pod-security.kubernetes.io/enforce"
    return {**labels, key: level} if labels.get(key) == "restricted" else dict(labels)


def resources(cpu: str, memory: str, limit: str) -> dict[str, Any]:
    """A container's `resources`. No limit on cpu: it would only slow the container down on an idle node."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}
