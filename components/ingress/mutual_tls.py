"""What a model's own sidecar asks for: a certificate of the mesh, and the credential that the gateway asked for too.

Whoever may write a route finds a way around what a gateway asks for; there is none around this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Inputs, Output, Resource, ResourceOptions

from components.ingress.authentication import Authentication


@dataclass(frozen=True, kw_only=True)
class MutualTlsArgs:
    # Of the models.
    namespaces: Mapping[str, Output[str]]
    # Who may ask the models; None where anybody may.
    authentication: Authentication | None
    # Istio, where this stack installs it.
    mesh: Sequence[Resource]


class MutualTls(pulumi.ComponentResource):
    """The gateway needs no setting: Istio's own clients use mutual TLS to every pod that has a sidecar."""

    def __init__(self, name: str, args: MutualTlsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:MutualTls", name, None, opts)
        for namespace, known in args.namespaces.items():
            self._policy(f"{namespace}-mutual-tls", "PeerAuthentication", known, {"mtls": {"mode": "STRICT"}}, args)
            if args.authentication:
                rules, callers = args.authentication.rules, args.authentication.callers
                self._policy(f"{namespace}-tokens", "RequestAuthentication", known, {"jwtRules": rules}, args)
                allowed = {"action": "ALLOW", "rules": callers}
                self._policy(f"{namespace}-clients", "AuthorizationPolicy", known, allowed, args)
        self.register_outputs({})

    def _policy(self, name: str, kind: str, namespace: Output[str], spec: Inputs, args: MutualTlsArgs) -> None:
        """One for a whole namespace."""
        k8s.apiextensions.CustomResource(
            name,
            api_version="security.istio.io/v1",
            kind=kind,
            # The name that Istio expects of such a one.
            metadata={"name": "default", "namespace": namespace},
            spec=spec,
            opts=ResourceOptions(parent=self, depends_on=list(args.mesh)),
        )
