"""Which cluster it is: the UID of its namespace `kube-system`, which no person chooses and no other cluster has."""

from typing import TYPE_CHECKING

from components.errors import SlipwayError

if TYPE_CHECKING:
    from components.clients.cluster_api import Cluster

_ANCHOR = "kube-system"


class OtherCluster(SlipwayError):
    """What answers is another cluster than the one that the state is of."""


def uid(cluster: "Cluster", seconds: float = 10) -> str:
    """Raises ClusterError for a cluster that does not answer, or refuses."""
    from components.clients.cluster_api import NAMESPACE, ClusterError

    found = cluster.get(NAMESPACE.path(name=_ANCHOR), seconds=seconds)
    if not found:
        raise ClusterError(f"what answers has no namespace {_ANCHOR}, and is no Kubernetes cluster")
    return str(found["metadata"]["uid"])


def require(kept: str, found: str, stack: str, where: str) -> None:
    """Raises OtherCluster when the cluster that was found at `where` is not the one that is kept in the state."""
    if kept != found:
        raise OtherCluster(
            f"{where} leads to the cluster {found} (UID of its {_ANCHOR}), and the state is of the cluster {kept}. "
            "Nothing was done",
            remedy="write the old context again; to begin anew on this cluster, and leave all that is on the "
            f"old one as it is: make up STACK={stack} CONFIRM={word(stack)}",
        )


def word(stack: str) -> str:
    """What a user writes to leave a stack's cluster."""
    return f"leave-cluster-of-{stack}"
