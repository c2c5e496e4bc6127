"""CustomResourceDefinitions that something else installs, waited for.

An operator makes its CRDs long before it is ready, and what only needs to find them there need not wait for the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import ResourceOptions
from pulumi.dynamic import CreateResult

from components.clients.connection import PASSIVE, Connection, cluster_of
from components.clients.waiting import wait_out
from components.dynamic.base import DynamicProvider, DynamicResource

if TYPE_CHECKING:
    from components.clients.cluster_api import Cluster, Object

WITHIN = 300  # seconds


@dataclass(frozen=True, kw_only=True)
class CrdWaitArgs:
    # Such as `services.serving.knative.dev`.
    names: Sequence[str]
    connection: Connection


def missing(cluster: "Cluster", names: Sequence[str]) -> list[str]:
    """Those of `names` that the cluster does not serve yet."""
    from components.clients.cluster_api import CRD

    return sorted(set(names) - {crd["metadata"]["name"] for crd in cluster.list(CRD) if _established(crd)})


def _established(crd: "Object") -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def wait(cluster: "Cluster", names: Sequence[str], seconds: float = WITHIN) -> None:
    """Return when the cluster serves all of `names`; raises TimeoutError that names those that it does not."""
    if absent := wait_out(lambda: missing(cluster, names), seconds):
        raise TimeoutError(f"not established within {seconds:.0f} s: {', '.join(absent)}")


class CrdWaitProvider(DynamicProvider):
    passive = PASSIVE
    replacing = ("names", "cluster")

    def create(self, props: dict[str, Any]) -> CreateResult:
        wait(cluster_of(props), props["names"])
        return CreateResult(",".join(props["names"]), props)


class CrdWait(DynamicResource, provider=CrdWaitProvider):
    """There when the cluster serves every one of `names`."""

    def __init__(self, name: str, args: CrdWaitArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, {**vars(args.connection), "names": list(args.names)}, opts)
