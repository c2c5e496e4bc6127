"""A team's namespace: its quota, what containers get that ask for nothing, and what its people may see."""

from collections.abc import Mapping
from typing import Any

import pulumi_kubernetes as k8s
from pulumi import Output, ResourceOptions

from components import settings as s
from components.kubernetes import namespaces
from components.settings import demand

# What a data scientist needs to see why a model does what it does; nothing that holds a secret, and nothing to change:
# that is a change of the stack file.
READABLE = {
    "": ["pods", "pods/log", "services", "events", "resourcequotas", "limitranges"],
    "events.k8s.io": ["events"],
    "apps": ["deployments", "replicasets"],
    "autoscaling": ["horizontalpodautoscalers"],
    "metrics.k8s.io": ["pods"],
    "serving.kserve.io": ["inferenceservices"],
    "serving.knative.dev": ["services", "configurations", "revisions", "routes"],
    "autoscaling.internal.knative.dev": ["podautoscalers"],
    "networking.istio.io": ["virtualservices"],
}


def defaults(quota: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """A LimitRange's `defaultRequest` and `default`, for what the quota counts and no more.

    The quota would refuse every pod with a sidecar that does not say it. A model says it by itself.
    """
    counted = {demand.SAME.get(key, key) for key in quota}
    requests = {name: amount for name, amount in demand.SIDECAR_REQUESTS.items() if f"requests.{name}" in counted}
    limits = {name: amount for name, amount in demand.SIDECAR_LIMITS.items() if f"limits.{name}" in counted}
    return {key: value for key, value in (("defaultRequest", requests), ("default", limits)) if value}


def reader_rules() -> list[dict[str, Any]]:
    verbs = ["get", "list", "watch"]
    return [{"apiGroups": [group], "resources": names, "verbs": verbs} for group, names in READABLE.items()]


def declare(settings: s.Settings, team: s.Team, opts: ResourceOptions) -> Output[str]:
    """Declare a team's namespace with all that belongs to it, and return its name: a model waits for all of it."""
    name = namespaces.declare(namespaces.of_models(settings, team.name, quota=team.quota), opts)
    declared: list[Any] = []
    if given := defaults(team.quota):
        limits = k8s.core.v1.LimitRange(
            f"{team.name}-defaults",
            metadata={"name": "defaults", "namespace": name},
            spec={"limits": [{"type": "Container", **given}]},
            opts=opts,
        )
        declared.append(limits.metadata["name"])
    if team.group:
        role = k8s.rbac.v1.Role(
            f"{team.name}-reader", metadata={"name": "reader", "namespace": name}, rules=reader_rules(), opts=opts
        )
        k8s.rbac.v1.RoleBinding(
            f"{team.name}-readers",
            metadata={"name": "readers", "namespace": name},
            role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata["name"]},
            subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": team.group}],
            opts=opts,
        )
    return Output.all(name, *declared).apply(lambda names: str(names[0]))
