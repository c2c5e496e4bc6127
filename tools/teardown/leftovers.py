"""What of a stack is in its cluster."""

from dataclasses import dataclass

from components.clients import cluster_api as api
from components.clients.cluster_api import ApiResource, Cluster, Object
from components.dynamic.crd_cleanup import objects
from tools.teardown.inventory import Inventory

# Made by the API server and its controllers, and gone with what they are of.
_DERIVED = {"Event", "Endpoints", "EndpointSlice", "PodMetrics", "NodeMetrics", "Pod", "ReplicaSet"}
# What others' requests go through goes first, then what is made of kinds, then the kinds, then the places.
_ORDER = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService")
_LAST = ("CustomResourceDefinition", "Namespace")


@dataclass(frozen=True)
class Left:
    """An object of the stack's, and why it is; `stays` tells why it must not be removed."""

    kind: ApiResource
    namespace: str
    name: str
    whose: str
    stays: str = ""

    @property
    def path(self) -> str:
        return self.kind.path(self.namespace or None, self.name)

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind.kind} {place}: {self.whose}" + (f"; stays: {self.stays}" if self.stays else "")


def leftovers(cluster: Cluster, inventory: Inventory) -> list[Left]:
    """The stack's objects, in the order in which they can be removed. Raises ClusterError."""
    found = [
        _left(cluster, kind, each, whose)
        for kind in cluster.kinds()
        if kind.kind not in _DERIVED
        for each in cluster.list(kind, metadata=True)
        if (
            whose := inventory.whose(kind.api_version, kind.kind, each["metadata"])
            or _served(cluster, kind, each, inventory)
        )
    ]
    return sorted(found, key=lambda left: (_rank(left.kind.kind), left.kind.kind, left.namespace, left.name))


def _rank(kind: str) -> int:
    if kind in _ORDER:
        return _ORDER.index(kind)
    return len(_ORDER) + (1 + _LAST.index(kind) if kind in _LAST else 0)


def _left(cluster: Cluster, kind: ApiResource, found: Object, whose: str) -> Left:
    metadata = found["metadata"]
    stays = ""
    if kind == api.CRD:
        crd = cluster.get(kind.path(name=metadata["name"])) or {}
        used = objects(cluster, crd) if crd else []
        if used:
            first = used[0]["metadata"]
            stays = f"objects of others are of this kind, such as {first.get('namespace', '')}/{first['name']}"
    return Left(kind, metadata.get("namespace", ""), metadata["name"], whose, stays)


def _served(cluster: Cluster, kind: ApiResource, found: Object, inventory: Inventory) -> str | None:
    """Why a webhook or an APIService is the stack's: it is served from one of its namespaces."""
    name = found["metadata"]["name"]
    if kind.kind == "APIService" and kind.group == api.API_SERVICE.group:
        spec = (cluster.get(kind.path(name=name)) or {}).get("spec", {})
        services = [spec.get("service") or {}]
    elif kind in (api.VALIDATING, api.MUTATING):
        hooks = (cluster.get(kind.path(name=name)) or {}).get("webhooks") or []
        services = [hook["clientConfig"].get("service") or {} for hook in hooks]
    else:
        return None
    places = {service.get("namespace") for service in services} & inventory.namespaces
    return f"served from the stack's namespace {min(map(str, places))}" if places else None
