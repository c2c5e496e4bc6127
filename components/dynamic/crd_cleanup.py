"""What outlives its chart: CustomResourceDefinitions that Helm keeps or an operator leaves, pods that take their time.

Made between the namespace and the chart, it records which definitions the cluster had; deleted between the two, it
removes the others, and lets the namespace go at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CreateResult, UpdateResult

from components.clients.connection import PASSIVE, Connection, cluster_of
from components.clients.waiting import wait_out
from components.dynamic.base import DynamicProvider, DynamicResource

if TYPE_CHECKING:
    from components.clients.cluster_api import Cluster, Object

# Seconds: for objects that their controllers still remove; for the definitions themselves; for pods.
USED_WITHIN, GONE_WITHIN, ENDED_WITHIN = 30, 60, 5


@dataclass(frozen=True, kw_only=True)
class CrdCleanupArgs:
    # API groups whose kinds the chart or the operator brings, such as `networking.istio.io`.
    groups: Sequence[str]
    # Whose pods are the chart's.
    namespace: Input[str]
    # Label of the ConfigMaps that a controller wrote into every namespace.
    config_maps: str | None = None
    connection: Connection


def of_groups(names: Collection[str], groups: Collection[str]) -> list[str]:
    """Those of the CRDs' names, such as `gateways.networking.istio.io`, that belong to one of the groups."""
    return sorted(name for name in names if name.partition(".")[2] in groups)


def brought(names: Collection[str], groups: Collection[str], found: Collection[str]) -> list[str]:
    """The CRDs of the groups that were not in the cluster before."""
    return sorted(set(of_groups(names, groups)) - set(found))


def remove(cluster: "Cluster", props: Mapping[str, Any], used: float = USED_WITHIN, gone: float = GONE_WITHIN) -> None:
    """Remove what the chart left; a CRD that somebody's objects are of stays. Raises TimeoutError, ClusterError."""
    from components.clients import cluster_api as api

    def definitions() -> dict[str, "Object"]:
        crds = {each["metadata"]["name"]: each for each in cluster.list(api.CRD)}
        return {name: crds[name] for name in brought(crds, props["groups"], props["found"])}

    left = definitions()
    in_use = wait_out(lambda: {name for name, crd in left.items() if objects(cluster, crd)}, used, every=1)
    for name in left.keys() - in_use:
        cluster.delete(api.CRD.path(name=name))
    if waiting := wait_out(lambda: [crd for name, crd in definitions().items() if name not in in_use], gone):
        raise TimeoutError(f"not removed within {gone:.0f} s: {'; '.join(map(_why, waiting))}")
    # The engine leaves out what is None.
    if labels := props.get("config_maps"):
        for each in cluster.list(api.CONFIG_MAP, labels=labels):
            cluster.delete(api.CONFIG_MAP.path(each["metadata"]["namespace"], each["metadata"]["name"]))
    _end_pods(cluster, props["namespace"])


def _end_pods(cluster: "Cluster", namespace: str) -> None:
    """Have the namespace's pods end soon.

    The namespace controller looks again after half of the longest grace period of the pods that it finds, and that is
    151 seconds for a webhook of Knative's (kubernetes/kubernetes: pkg/controller/namespace/namespace_controller.go).
    """
    from components.clients.cluster_api import POD

    for each in cluster.list(POD, namespace, metadata=True):
        cluster.delete(f"{POD.path(namespace, each['metadata']['name'])}?gracePeriodSeconds={ENDED_WITHIN}")
    wait_out(lambda: cluster.list(POD, namespace, metadata=True), 10 * ENDED_WITHIN)


def objects(cluster: "Cluster", crd: "Object") -> list["Object"]:
    """The objects of a CRD's kind."""
    from components.clients.cluster_api import ApiResource

    return cluster.list(ApiResource.of(crd), metadata=True)


def _why(crd: "Object") -> str:
    conditions = crd.get("status", {}).get("conditions", [])
    said = [each["message"] for each in conditions if each["type"] == "Terminating" and each["status"] == "True"]
    return ": ".join([crd["metadata"]["name"], *said])


def _found(props: Mapping[str, Any]) -> list[str]:
    from components.clients.cluster_api import CRD

    names = [each["metadata"]["name"] for each in cluster_of(props).list(CRD, metadata=True)]
    return of_groups(names, props["groups"])


class CrdCleanupProvider(DynamicProvider):
    passive = PASSIVE
    replacing = ("cluster",)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("crd-cleanup", {**props, "found": _found(props)})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        more = {**_news, "groups": sorted(set(_news["groups"]) - set(_olds["groups"]))}
        return UpdateResult({**_news, "found": [*_olds["found"], *_found(more)]})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        remove(cluster_of(_props), _props)


class CrdCleanup(DynamicResource, provider=CrdCleanupProvider):
    """Gone when what the chart brought is; `found` are the CRDs that were there before."""

    found: Output[list[str]]

    def __init__(self, name: str, args: CrdCleanupArgs, opts: ResourceOptions | None = None) -> None:
        props = {
            **vars(args.connection),
            "groups": sorted(args.groups),
            "namespace": args.namespace,
            "config_maps": args.config_maps,
        }
        super().__init__(name, props, opts)
