"""The parts of a platform as they are found in a cluster, whoever installed them."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from components.clients.cluster_api import API_SERVICE, CONFIG_MAP, CRD, DEPLOYMENT, NAMESPACE, Cluster, Object
from components.settings.parts.part import Deployment
from tools.upgrades.versions import Version, of_image


@dataclass(frozen=True)
class Workload:
    """A Deployment; `version` is its label's or its first image's."""

    namespace: str
    name: str
    labels: dict[str, str]
    pod_labels: dict[str, str]
    ready: bool
    version: Version | None
    annotations: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"Deployment {self.namespace}/{self.name}" + (f" {self.version}" if self.version else "")


class Observed:
    """One look at a cluster. Raises ClusterError where it does not answer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.workloads = [_workload(each) for each in cluster.list(DEPLOYMENT)]
        self.crds = {each["metadata"]["name"]: each for each in cluster.list(CRD)}
        self.namespaces = {each["metadata"]["name"] for each in cluster.list(NAMESPACE)}
        self.api_services = {each["metadata"]["name"]: each for each in cluster.list(API_SERVICE)}

    def of(self, wanted: Deployment) -> list[Workload]:
        """The Deployments that are recognised as the wanted one."""
        return [
            each
            for each in self.workloads
            if wanted.name in (None, each.name)
            and wanted.namespace in (None, each.namespace)
            and wanted.labels.items() <= each.labels.items()
        ]

    def serves(self, crd: str, version: str) -> bool:
        """Whether the CRD is there and serves the version."""
        versions = self.crds.get(crd, {}).get("spec", {}).get("versions", [])
        return any(each["name"] == version and each.get("served", True) for each in versions)

    def answers(self, group: str) -> bool:
        """Whether the aggregated API is there, in some version, and available."""
        services = [each for name, each in self.api_services.items() if name.partition(".")[2] == group]
        conditions = [each for service in services for each in service.get("status", {}).get("conditions") or []]
        return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)

    def data_of(self, namespace: str, config_map: str) -> dict[str, str]:
        """A ConfigMap's data; {} where it is not."""
        return (self._cluster.get(CONFIG_MAP.path(namespace, config_map)) or {}).get("data") or {}


def ready(found: Iterable[Workload]) -> list[Workload]:
    return [each for each in found if each.ready]


def _workload(found: Object) -> Workload:
    metadata, pod = found["metadata"], found.get("spec", {}).get("template", {})
    labels = metadata.get("labels") or {}
    images = [each["image"] for each in pod.get("spec", {}).get("containers", [])]
    return Workload(
        namespace=metadata["namespace"],
        name=metadata["name"],
        labels=labels,
        pod_labels=pod.get("metadata", {}).get("labels") or {},
        ready=bool(found.get("status", {}).get("availableReplicas")),
        version=_version(labels.get("app.kubernetes.io/version"), images),
        annotations=metadata.get("annotations") or {},
    )


def _version(label: str | None, images: list[str]) -> Version | None:
    with contextlib.suppress(ValueError):
        if label:
            return Version.parse(label)
    return next((version for image in images if (version := of_image(image))), None)
