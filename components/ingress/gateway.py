"""The way in: Istio Gateways for the stack's own hosts, with TLS and authentication where the settings say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components import settings as s
from components.cluster.connection import Connection
from components.ingress.authentication import Authentication, AuthenticationArgs
from components.ingress.certificate import Certificate, CertificateArgs

HTTP_PORT, HTTPS_PORT = 80, 443


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    ingress: s.Ingress
    namespaces: s.Namespaces
    # Host names to the namespace whose routes may serve them.
    models: Mapping[str, str]
    # MLflow's; without one it is at a path of every other name.
    tracking: Sequence[str]
    # Whether this stack installs it, for itself.
    own: bool
    # Whether the models have sidecars.
    sidecars: bool
    # The port of https:// addresses, where it is not 443.
    https_port: int | None
    # Istio and cert-manager, where this stack installs them.
    mesh: Sequence[Resource]
    certificates: Sequence[Resource]
    # The folder of this stack's own files, relative to the project.
    state: Path
    connection: Connection


def http_server(hosts: Sequence[str]) -> dict[str, Any]:
    return {"port": {"number": HTTP_PORT, "name": "http", "protocol": "HTTP"}, "hosts": list(hosts)}


def https_server(hosts: Sequence[str], secret: str) -> dict[str, Any]:
    return {
        "port": {"number": HTTPS_PORT, "name": "https", "protocol": "HTTPS"},
        "hosts": list(hosts),
        "tls": {"mode": "SIMPLE", "credentialName": secret, "minProtocolVersion": "TLSV1_2"},
    }


def redirect_spec(gateway: str, hosts: Sequence[str], port: int | None) -> dict[str, Any]:
    """Everything to https://, and a POST stays one. A route and no `httpsRedirect` of the Gateway: that would redirect
    the challenges of ACME too, to a port that has no certificate yet."""
    to = {"scheme": "https", "redirectCode": 308, **({"port": port} if port else {})}
    return {"hosts": list(hosts), "gateways": [gateway], "http": [{"redirect": to}]}


class Gateway(pulumi.ComponentResource):
    """`name` is what routes name; `ca`, `keys` and `own_key` are None without TLS and without authentication."""

    name: str
    ca: Output[str] | None
    authentication: Authentication | None
    keys: Output[dict[str, str]] | None
    own_key: Output[str] | None

    def __init__(self, name: str, args: GatewayArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:Gateway", name, None, opts)
        ingress, gateway = args.ingress, args.ingress.gateway
        # Unique among stacks that share a gateway: no two have one namespace for their models.
        own = f"slipway-{args.namespaces.models}"
        hosts = {**args.models, **dict.fromkeys(args.tracking, args.namespaces.data)}
        # A host is served by the routes of one namespace: no other can take it.
        served = [f"{namespace}/{host}" for host, namespace in hosts.items()]
        self.name, self.ca, self.keys, self.own_key = f"{gateway.namespace}/{own}", None, None, None
        self.authentication = None
        if ingress.tls:
            certificate = Certificate(
                "certificate",
                CertificateArgs(
                    issuer=ingress.tls.issuer,
                    hosts=list(hosts),
                    namespace=gateway.namespace,
                    authority_namespace=ingress.tls.authority_namespace,
                    name=own,
                    ready=(*args.mesh, *args.certificates),
                    state=args.state,
                    connection=args.connection,
                ),
                ResourceOptions(parent=self),
            )
            self.ca = certificate.ca
            self._istio("gateway", "Gateway", own, self._spec(args, https_server(served, certificate.secret)), args)
            plain = f"{own}-http"
            # The redirect alone: no route of another namespace is taken in.
            redirected = [f"{gateway.namespace}/{host}" for host in hosts]
            self._istio("gateway-http", "Gateway", plain, self._spec(args, http_server(redirected)), args)
            redirect = redirect_spec(f"{gateway.namespace}/{plain}", list(hosts), args.https_port)
            self._istio("gateway-redirect", "VirtualService", f"{own}-redirect", redirect, args)
        else:
            anywhere = [] if args.tracking else [f"{args.namespaces.data}/*"]
            self._istio("gateway", "Gateway", own, self._spec(args, http_server([*served, *anywhere])), args)
        if ingress.auth:
            self.authentication = Authentication(
                "authentication",
                AuthenticationArgs(
                    settings=ingress.auth,
                    gateway=gateway,
                    models=list(args.models),
                    open_hosts=[*args.tracking, *ingress.foreign_hosts] if args.own else None,
                    http01=bool(ingress.tls and ingress.tls.issuer.http01),
                    again=args.sidecars,
                    name=own,
                    ready=args.mesh,
                ),
                ResourceOptions(parent=self),
            )
            self.keys, self.own_key = self.authentication.keys, self.authentication.own
        self.register_outputs({})

    def _spec(self, args: GatewayArgs, server: dict[str, Any]) -> dict[str, Any]:
        return {"selector": dict(args.ingress.gateway.selector), "servers": [server]}

    def _istio(self, resource: str, kind: str, name: str, spec: dict[str, Any], args: GatewayArgs) -> None:
        k8s.apiextensions.CustomResource(
            resource,
            api_version="networking.istio.io/v1",
            kind=kind,
            metadata={"name": name, "namespace": args.ingress.gateway.namespace},
            spec=spec,
            opts=ResourceOptions(parent=self, depends_on=list(args.mesh)),
        )
