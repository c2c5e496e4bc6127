"""The versions that a stack has: its state's Helm releases and images, and the cluster's own word."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.clients.cluster_api import ApiResource, Cluster
from components.settings.versions import CHARTS
from tools.upgrades.versions import Version, clustered, of_image

_CLUSTERS = ApiResource("postgresql.cnpg.io", "v1", "Cluster", "clusters", True)
_SERVINGS = ApiResource("operator.knative.dev", "v1beta1", "KnativeServing", "knativeservings", True)
_RELEASE = "kubernetes:helm.sh/v3:Release"
# Our workloads by the last part of their URN.
_SERVERS = {"postgres": "kubernetes:apps/v1:StatefulSet", "mlflow": "kubernetes:apps/v1:Deployment"}


def installed(resources: Iterable[Mapping[str, Any]], cluster: Cluster | None) -> dict[str, Version]:
    """By the keys of `components.settings.versions`, with knative-serving and kubernetes. Raises ClusterError."""
    found: dict[str, Version] = {}
    for each in resources:
        name, made = each["urn"].rpartition("::")[2], each.get("outputs") or {}
        if each["type"] == _RELEASE and name in CHARTS:
            found[name] = Version.parse(made["version"])
        if each["type"] == _SERVERS.get(name) and (version := _of_server(made)):
            found[name] = version
        if made.get("kind") == _SERVINGS.kind:
            found["knative-serving"] = Version.parse(made["spec"]["version"])
        if (made.get("kind"), made.get("apiVersion")) == (_CLUSTERS.kind, _CLUSTERS.api_version):
            found |= _of_cluster(made, cluster)
    if cluster:
        found["kubernetes"] = Version.parse((cluster.get("/version") or {})["gitVersion"])
        # What runs, where the operator refused what was asked.
        for serving in cluster.list(_SERVINGS):
            if version := serving.get("status", {}).get("version"):
                found["knative-serving"] = Version.parse(version)
    return found


def _of_cluster(made: Mapping[str, Any], cluster: Cluster | None) -> dict[str, Version]:
    """PostgreSQL of a CloudNativePG cluster, by the cluster's name: what runs, or else what was asked for."""
    name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]
    running = (cluster.get(_CLUSTERS.path(namespace, name)) if cluster else None) or {}
    version = of_image(running.get("status", {}).get("image") or made["spec"]["imageName"])
    return {clustered(name): version} if version else {}


def _of_server(made: Mapping[str, Any]) -> Version | None:
    return of_image(made["spec"]["template"]["spec"]["containers"][0]["image"])
