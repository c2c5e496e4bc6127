"""The cluster that a stack is on, asked beside Pulumi."""

from components.clients import kubeconfig
from components.clients.cluster_api import Cluster, ClusterError
from tools.engine.stack import Stack


def standing(stack: Stack) -> Cluster | None:
    """The cluster that stays when the stack goes; None for kind. Brings the stack's own kubeconfig up to date.

    Raises SlipwayError for a kubeconfig that cannot be used, ClusterError for a cluster that does not answer.
    """
    existing = stack.values["cluster"].get("existing")
    if not existing:
        return None
    kubeconfig.write(existing, kubeconfig.own(stack.folder))
    return _own(stack)


def reachable(stack: Stack) -> Cluster | None:
    """The stack's cluster; None for a kind cluster that is not made yet. Raises as `standing` does."""
    return standing(stack) or (_own(stack) if kubeconfig.own(stack.folder).is_file() else None)


def _own(stack: Stack) -> Cluster:
    file = str(kubeconfig.own(stack.folder))
    cluster = Cluster.at(file, None)
    if cluster.get("/version", seconds=10) is None:
        raise ClusterError(f"{file}: what answers there is no Kubernetes cluster")
    return cluster
