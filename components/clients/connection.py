"""How a dynamic resource gets at the cluster, which Pulumi's own provider does not help it with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import Input

if TYPE_CHECKING:
    from components.clients.cluster_api import Cluster

# How the cluster is found, which is not which one it is.
PASSIVE = ("kubeconfig_path",)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A part of the resource's inputs, under these names."""

    # The stack's own file, relative to the project: the same on every machine, and what is in it is not.
    kubeconfig_path: str
    # The cluster's identity: another one for another cluster.
    cluster: Input[str]


def cluster_of(props: Mapping[str, Any]) -> "Cluster":
    """The cluster of a resource's inputs; imported where it is used, because that takes a while."""
    from components.clients.cluster_api import Cluster

    return Cluster.at(props["kubeconfig_path"], None)
