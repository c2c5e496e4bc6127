"""The identity of a cluster that is there: kept in the state, and refused when it is another one's."""

import json
from collections.abc import Mapping
from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.dynamic import CheckFailure, CheckResult, ConfigureRequest, CreateResult, ReadResult

from components.clients import identity, kubeconfig
from components.clients.connection import PASSIVE, cluster_of
from components.dynamic.base import DynamicProvider, DynamicResource
from components.errors import SlipwayError


class ClusterIdentityProvider(DynamicProvider):
    """Brings the stack's own kubeconfig up to date and asks who answers, whenever the program runs."""

    passive = (*PASSIVE, "stack")

    def configure(self, req: ConfigureRequest) -> None:
        # Where this user has which kubeconfig is no input of the resource.
        given = req.config.get("slipway:cluster") or {}
        self.existing = (json.loads(given) if isinstance(given, str) else given).get("existing") or {}

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Add the identity to the inputs; a cluster that does not answer stays the one that it was."""
        from components.clients.cluster_api import ClusterError

        kept = _olds.get("uid")
        try:
            return CheckResult({**news, "uid": self.found(news, kept)}, [])
        except ClusterError:
            return CheckResult({**news, "uid": kept}, [])
        except SlipwayError as error:
            # A preview of a new stack needs no cluster.
            return CheckResult({**news, "uid": kept}, [CheckFailure("uid", str(error))] if kept else [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        found = props.get("uid") or self.found(props, None)
        return CreateResult(found, {**props, "uid": found})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        self.found(props, id_)
        return ReadResult(id_, props)

    def found(self, props: Mapping[str, Any], kept: str | None) -> str:
        """The identity of what answers. Raises OtherCluster where it is not the one that is kept."""
        kubeconfig.write(self.existing, props["kubeconfig_path"])
        found = identity.uid(cluster_of(props))
        if kept:
            identity.require(kept, found, props["stack"], kubeconfig.named(self.existing))
        return found


class ClusterIdentity(DynamicResource, provider=ClusterIdentityProvider):
    uid: Output[str]

    def __init__(self, name: str, kubeconfig_path: str, stack: str, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, {"kubeconfig_path": kubeconfig_path, "stack": stack}, opts)
