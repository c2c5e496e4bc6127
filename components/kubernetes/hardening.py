"""What every part of the platform gets alike, in the words of each chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi import Input

from components.kubernetes.placement import ONE_AT_A_TIME, spread

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
    # NetworkPolicy peers: who reads metrics, and the ingress gateway.
    scrapers: Sequence[Mapping[str, Any]] = ()
    gateway: Sequence[Mapping[str, Any]] = ()

    @property
    def several(self) -> bool:
        return self.replicas > 1

    def spread(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Spread constraints for pods with `labels`; none for a single pod."""
        return spread(labels) if self.several else []

    def budget(self) -> dict[str, Any]:
        """The `podDisruptionBudget` of the charts that know an `enabled`."""
        return {"enabled": True, **ONE_AT_A_TIME} if self.several else {"enabled": False}


# For charts whose templates write a limit on cpu whatever they are given: more than a node has.
BEYOND_ANY_NODE = "1k"


def resources(cpu: str, memory: str, limit: str, **chart_limit: str | None) -> dict[str, Any]:
    """A container's `resources`. No limit on cpu: it would only slow the container down on an idle node.

    Where the chart has one of its own, leaving it out leaves it in: `cpu_limit=None` takes it away.
    """
    limits = {"cpu": chart_limit["cpu_limit"]} if chart_limit else {}
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit, **limits}}
