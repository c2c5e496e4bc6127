"""A cluster's API in memory: objects by path, deleted at once unless they have finalizers."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.clients import cluster_api as api
from components.clients.cluster_api import ApiResource, Cluster, Object

SERVICE_GATE = ApiResource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", True)
CLUSTER_ROLE = ApiResource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", False)
ISVC = ApiResource("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices", True)
KNATIVE_SERVING = ApiResource("operator.knative.dev", "v1beta1", "KnativeServing", "knativeservings", True)
VIRTUAL_SERVICE = ApiResource("networking.istio.io", "v1", "VirtualService", "virtualservices", True)
_BUILT_IN = (
    api.CRD,
    api.NAMESPACE,
    api.DEPLOYMENT,
    api.CONFIG_MAP,
    api.API_SERVICE,
    api.VALIDATING,
    api.MUTATING,
    api.POD,
    SERVICE_GATE,
    CLUSTER_ROLE,
)


def crd(kind: ApiResource) -> str:
    """The name of the kind's CustomResourceDefinition."""
    return f"{kind.plural}.{kind.group}"


class FakeCluster(Cluster):
    """`deleted` and `patched` are the names of what was asked for, in order."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.kinds_served = list(_BUILT_IN)
        self.deleted: list[str] = []
        self.patched: list[str] = []
        self.version = "v1.34.4"
        # What is no object, such as a log, by path.
        self.texts: dict[str, str] = {}

    def add(self, kind: ApiResource, name: str, namespace: str = "", **content: Any) -> Object:
        """Put an object there; `metadata` is merged with its name and namespace."""
        metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **content.pop("metadata", {})}
        made = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content}
        self.objects[kind.path(namespace or None, name)] = made
        return made

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def serve(self, kind: ApiResource, **metadata: Any) -> None:
        """Add a kind and its CRD."""
        self.kinds_served.append(kind)
        spec = {
            "group": kind.group,
            "names": {"kind": kind.kind, "plural": kind.plural},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [{"name": kind.version, "storage": True}],
        }
        self.add(api.CRD, crd(kind), spec=spec, metadata=metadata)

    def deployment(self, namespace: str, name: str, replicas: int = 1, available: int | None = None) -> None:
        ready = replicas if available is None else available
        self.add(
            api.DEPLOYMENT,
            name,
            namespace,
            spec={"replicas": replicas},
            status={"availableReplicas": ready} if ready else {},
        )

    def __contains__(self, path: str) -> bool:
        return path in self.objects

    def _ask(self, method: str, path: str, *, body: Mapping[str, Any] | None = None, **_: Any) -> Object | None:
        path, _sep, query = path.partition("?")
        if path == "/version":
            return {"gitVersion": self.version}
        if path == "/apis":
            groups = {kind.group: kind.version for kind in self.kinds_served if kind.group}
            return {"groups": [{"name": g, "preferredVersion": {"version": v}} for g, v in groups.items()]}
        if method == "GET":
            return self._get(path, query)
        found = self.objects.get(path)
        if found is None:
            return None
        if method == "PATCH":
            self.patched.append(found["metadata"]["name"])
            found["metadata"] |= (body or {}).get("metadata", {})
        else:
            self.deleted.append(found["metadata"]["name"])
            found["metadata"]["deletionTimestamp"] = "now"
        if "deletionTimestamp" in found["metadata"] and not found["metadata"].get("finalizers"):
            del self.objects[path]
            self._take_along(found)
        return found

    def _take_along(self, gone: Object) -> None:
        if gone["kind"] == "Namespace":
            name = gone["metadata"]["name"]
            self.objects = {p: o for p, o in self.objects.items() if o["metadata"].get("namespace") != name}

    def _get(self, path: str, query: str) -> Object | None:
        if path in self.objects:
            return self.objects[path]
        for kind in self.kinds_served:
            if path == kind.path():
                return {"items": list(self._items(kind.path().rpartition("/")[0], kind, query))}
            if path.endswith(f"/{kind.plural}") and path.startswith(f"{kind.path().rpartition('/')[0]}/namespaces/"):
                return {"items": list(self._items(path, kind, query))}
        listed = [kind for kind in self.kinds_served if kind.path().rpartition("/")[0] == path]
        verbs = ["list", "delete"]
        resources = [{"name": k.plural, "kind": k.kind, "namespaced": k.namespaced, "verbs": verbs} for k in listed]
        return {"resources": resources} if listed else None

    def _items(self, root: str, kind: ApiResource, query: str) -> Iterable[Object]:
        key, _, value = query.removeprefix("labelSelector=").partition("=")
        for path, found in self.objects.items():
            labels = found["metadata"].get("labels") or {}
            if found["kind"] == kind.kind and path.startswith(root) and (not key or labels.get(key) == value):
                yield found
