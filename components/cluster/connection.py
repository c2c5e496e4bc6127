"""How a dynamic resource gets at the cluster, which Pulumi's own provider does not help it with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import Input

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

# How the cluster is found, which is not which one it is.
PASSIVE = ("kubeconfig_path", "context")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A part of the resource's inputs, under these names."""

    kubeconfig_path: str
    # None is the file's current one.
    context: str | None
    # Another one for another cluster.
    cluster: Input[str]


def client_of(props: Mapping[str, Any]) -> "ApiClient":
    """The client for a resource's inputs; imported where it is used, because that takes a while."""
    from kubernetes import config

    # The engine leaves out what is None.
    made: ApiClient = config.new_client_from_config(  # type: ignore[no-untyped-call]
        props["kubeconfig_path"], context=props.get("context")
    )
    return made
