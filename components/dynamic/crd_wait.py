"""CustomResourceDefinitions that something else installs, waited for.

An operator makes its CRDs long before it is ready, and what only needs to find them there need not wait for the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import ResourceOptions
from pulumi.dynamic import CreateResult

from components.clients.waiting import wait_out
from components.cluster.connection import PASSIVE, Connection, client_of
from components.dynamic.base import DynamicProvider, DynamicResource

if TYPE_CHECKING:
    from kubernetes.client import ApiextensionsV1Api, V1CustomResourceDefinition

WITHIN = 300  # seconds


@dataclass(frozen=True, kw_only=True)
class CrdWaitArgs:
    # Such as `services.serving.knative.dev`.
    names: Sequence[str]
    connection: Connection


def missing(api: "ApiextensionsV1Api", names: Sequence[str]) -> list[str]:
    """Those of `names` that the cluster does not serve yet."""

    def established(crd: "V1CustomResourceDefinition") -> bool:
        conditions = crd.status.conditions if crd.status else None
        return any(each.type == "Established" and each.status == "True" for each in conditions or ())

    crds = api.list_custom_resource_definition().items
    served = {crd.metadata.name for crd in crds if crd.metadata and established(crd)}
    return sorted(set(names) - served)


def wait(api: "ApiextensionsV1Api", names: Sequence[str], seconds: float = WITHIN) -> None:
    """Return when the cluster serves all of `names`; raises TimeoutError that names those that it does not."""
    if absent := wait_out(lambda: missing(api, names), seconds):
        raise TimeoutError(f"not established within {seconds:.0f} s: {', '.join(absent)}")


class CrdWaitProvider(DynamicProvider):
    passive = PASSIVE
    replacing = ("names", "cluster")

    def create(self, props: dict[str, Any]) -> CreateResult:
        from kubernetes import client

        api = client_of(props)
        wait(client.ApiextensionsV1Api(api), props["names"])
        return CreateResult(",".join(props["names"]), props)


class CrdWait(DynamicResource, provider=CrdWaitProvider):
    """There when the cluster serves every one of `names`."""

    def __init__(self, name: str, args: CrdWaitArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, {**vars(args.connection), "names": list(args.names)}, opts)
