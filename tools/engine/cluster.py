"""The cluster that a stack is on, asked beside Pulumi."""

from pathlib import Path

from components.clients.cluster_api import Cluster, ClusterError
from tools.engine.stack import Stack


def standing(stack: Stack) -> Cluster | None:
    """The cluster that stays when the stack goes; None for kind. Raises ClusterError when it does not answer."""
    existing = stack.values["cluster"].get("existing")
    return _at(str(Path(existing["kubeconfig"]).expanduser()), existing["context"]) if existing else None


def reachable(stack: Stack) -> Cluster | None:
    """The stack's cluster; None for a kind cluster that is not made yet. Raises ClusterError."""
    if cluster := standing(stack):
        return cluster
    own = stack.folder / "kubeconfig"
    return _at(str(own), None) if own.is_file() else None


def _at(kubeconfig: str, context: str | None) -> Cluster:
    cluster = Cluster.at(kubeconfig, context)
    if cluster.get("/version", seconds=10) is None:
        raise ClusterError(f"{kubeconfig}: what answers there is no Kubernetes cluster")
    return cluster
