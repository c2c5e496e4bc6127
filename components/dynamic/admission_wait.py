"""An admission webhook that something else brings, waited for until the cluster lets an object through it.

That its pod is ready is not enough: a moment goes by until its Service leads to the pod, and its authority is written
beside its address by somebody else. Meanwhile the cluster refuses every object that the webhook is to see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CreateResult, UpdateResult

from components.clients.connection import PASSIVE, Connection, cluster_of
from components.clients.waiting import wait_out
from components.dynamic.base import DynamicProvider, DynamicResource

if TYPE_CHECKING:
    from components.clients.cluster_api import Cluster

WITHIN = 120  # seconds
# What the API server says where a webhook is not to be reached, or not to be trusted yet.
_NOT_REACHED = ("failed calling webhook", "the cluster does not answer")


@dataclass(frozen=True, kw_only=True)
class AdmissionWaitArgs:
    # Where objects of the kind are made, such as `/apis/serving.kserve.io/v1beta1/namespaces/kserve/inferenceservices`.
    path: Input[str]
    # One that the webhook lets through; it is never made.
    example: Mapping[str, Any]
    # Of what brings the webhook: another one is waited for anew.
    version: str
    connection: Connection


def pending(cluster: "Cluster", path: str, example: Mapping[str, Any]) -> str:
    """Why the cluster takes no such object yet; "" once it does, or says no for another reason."""
    from components.clients.cluster_api import ClusterError

    try:
        return "" if cluster.admits(path, example) else f"there is no {path}"
    except ClusterError as error:
        said = str(error)
        return said if any(each in said for each in _NOT_REACHED) else ""


def wait(cluster: "Cluster", path: str, example: Mapping[str, Any], seconds: float = WITHIN) -> None:
    """Return when the webhook answers; raises TimeoutError with the cluster's last word."""
    if last := wait_out(lambda: pending(cluster, path, example), seconds):
        raise TimeoutError(f"no {example['kind']} can be made after {seconds:.0f} s: {last}")


class AdmissionWaitProvider(DynamicProvider):
    passive = PASSIVE
    replacing = ("path", "cluster")

    def create(self, props: dict[str, Any]) -> CreateResult:
        wait(cluster_of(props), props["path"], props["example"])
        return CreateResult(props["path"], props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        wait(cluster_of(_news), _news["path"], _news["example"])
        return UpdateResult(_news)


class AdmissionWait(DynamicResource, provider=AdmissionWaitProvider):
    """There when the cluster takes an object like `example`."""

    def __init__(self, name: str, args: AdmissionWaitArgs, opts: ResourceOptions | None = None) -> None:
        given = {key: value for key, value in vars(args).items() if key != "connection"}
        super().__init__(name, {**vars(args.connection), **given}, opts)
