"""The cluster that everything runs on: a kind cluster that Slipway makes, or one that is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, ResourceOptions

from components import settings as s
from components.clients import kubeconfig
from components.clients.connection import Connection
from components.dynamic.cluster_identity import ClusterIdentity
from components.dynamic.kind_cluster import KindCluster, KindClusterArgs

# By default the provider replaces a Secret whose content changes, and deletes first whatever names it: all of MLflow's
# servers at once, for another password.
_IN_PLACE: dict[str, Any] = {"enable_secret_mutable": True, "enable_config_map_mutable": True}


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    settings: s.Settings
    # Of this stack's own files, relative to the project.
    folder: Path


class Cluster(pulumi.ComponentResource):
    """One Kubernetes provider for the whole program, and the registry that its nodes pull from."""

    provider: k8s.Provider
    # The kind cluster, whose deletion takes everything on it along; None when the cluster is not the stack's own.
    owner: KindCluster | None
    # Another one for another cluster: what was done to one is done again to the next.
    identity: Output[str]
    # Where images are pushed; empty when an existing cluster names none.
    registry: Output[str]
    # Registries that only this machine and the nodes know.
    local_registries: tuple[str, ...]
    # For what asks the cluster beside Pulumi's own provider.
    connection: Connection

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:cluster:Cluster", name, None, opts)
        kind, existing = args.settings.cluster.kind, args.settings.cluster.existing
        if kind:
            self._make(name, args, kind)
        elif existing:
            self._use(args)
        self.register_outputs({"registry": self.registry})

    def _make(self, name: str, args: ClusterArgs, kind: s.Kind) -> None:
        path = str(kubeconfig.own(args.folder))
        self.owner = KindCluster(name, _kind(args, kind, path), ResourceOptions(parent=self))
        self.identity = self.owner.identity
        self.connection = Connection(kubeconfig_path=path, cluster=self.identity)
        # The provider is replaced, and with it all that it made, when and only when this changes: another cluster of
        # the same name is another cluster.
        self.provider = k8s.Provider(
            "kubernetes",
            kubeconfig=path,
            cluster_identifier=self.identity,
            **_IN_PLACE,
            opts=ResourceOptions(parent=self, deleted_with=self.owner),
        )
        address = f"localhost:{kind.registry_port}"
        # Known only with the cluster, because the registry comes with it.
        self.registry = self.identity.apply(lambda _: address)
        self.local_registries = (address,)

    def _use(self, args: ClusterArgs) -> None:
        path = str(kubeconfig.own(args.folder))
        self.owner = None
        told = ClusterIdentity("cluster-identity", path, pulumi.get_stack(), ResourceOptions(parent=self))
        self.identity = told.uid
        self.connection = Connection(kubeconfig_path=path, cluster=self.identity)
        self.provider = k8s.Provider(
            "kubernetes",
            kubeconfig=path,
            cluster_identifier=self.identity,
            **_IN_PLACE,
            opts=ResourceOptions(parent=self),
        )
        self.registry = Output.from_input(args.settings.registry.address if args.settings.registry else "")
        self.local_registries = ()


def ingress_address(settings: s.Cluster, ingress: s.Ingress) -> str | None:
    """host:port at which this machine reaches the gateway; None where only the hosts' own names do."""
    if ingress.address or not settings.kind:
        return ingress.address
    return f"127.0.0.1:{settings.kind.https_port if ingress.tls else settings.kind.http_port}"


def _kind(args: ClusterArgs, kind: s.Kind, kubeconfig_path: str) -> KindClusterArgs:
    images = args.settings.image_references
    return KindClusterArgs(
        name=kind.name,
        node_image=kind.node_image or images["kind-node"],
        workers=kind.workers,
        http_port=kind.http_port,
        https_port=kind.https_port,
        registry_port=kind.registry_port,
        registry_image=images["registry"],
        mirrors=kind.mirrors,
        image_mirror=images.mirror,
        kubeconfig_path=kubeconfig_path,
        stack=pulumi.get_stack(),
        adopt=kind.adopt,
    )
