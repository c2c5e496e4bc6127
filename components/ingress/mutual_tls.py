"""Mutual TLS inside: who speaks to a model is known by a certificate of the mesh, and nobody else is listened to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions


@dataclass(frozen=True, kw_only=True)
class MutualTlsArgs:
    # Of the models.
    namespaces: Mapping[str, Output[str]]
    # Istio, where this stack installs it.
    mesh: Sequence[Resource]


class MutualTls(pulumi.ComponentResource):
    """The gateway needs no setting: Istio's own clients use mutual TLS to every pod that has a sidecar."""

    def __init__(self, name: str, args: MutualTlsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:MutualTls", name, None, opts)
        for namespace, known in args.namespaces.items():
            k8s.apiextensions.CustomResource(
                f"{namespace}-mutual-tls",
                api_version="security.istio.io/v1",
                kind="PeerAuthentication",
                # The name of the one that is for a whole namespace.
                metadata={"name": "default", "namespace": known},
                spec={"mtls": {"mode": "STRICT"}},
                opts=ResourceOptions(parent=self, depends_on=list(args.mesh)),
            )
        self.register_outputs({})
