"""Where pods go, and how many of them may be taken away at a time."""

from collections.abc import Mapping
from typing import Any

import pulumi_kubernetes as k8s
from pulumi import Input, ResourceOptions

# One at a time: this never holds up the draining of a node for good, whatever the number of pods.
ONE_AT_A_TIME: dict[str, Any] = {"maxUnavailable": 1}


def spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Pods with `labels` over the zones and over the nodes of each, as far as there are several."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def budget(name: str, *, namespace: Input[str], labels: Mapping[str, str], opts: ResourceOptions) -> None:
    """Declare that pods with `labels` are taken away one at a time."""
    k8s.policy.v1.PodDisruptionBudget(
        f"{name}-budget",
        metadata={"name": name, "namespace": namespace},
        spec={**ONE_AT_A_TIME, "selector": {"matchLabels": dict(labels)}},
        opts=opts,
    )
