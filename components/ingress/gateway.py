"""The way in: Istio Gateways for the stack's own hosts, with TLS and authentication where the settings say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, ResourceOptions

from components import settings as s
from components.context import Context
from components.dynamic.api_keys import Client
from components.ingress import admission
from components.ingress.admission import Admission, AdmissionArgs
from components.ingress.authentication import Authentication, AuthenticationArgs
from components.ingress.certificate import Certificate, CertificateArgs
from components.ingress.route import Destination, path_spec, virtual_service
from components.platform.platform import Platform
from components.settings.ingress import OWN
from components.settings.parts import cert_manager, istio, prometheus

HTTP_PORT, HTTPS_PORT = 80, 443


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    context: Context
    platform: Platform


def model_hosts(settings: s.Settings) -> dict[str, str]:
    """Every name that a model answers on, and the namespace whose routes may serve it."""
    return {
        settings.host_of(version): settings.namespace_of(model)
        for model in settings.models
        for version in model.versions
    }


def _with_own_login(settings: s.Settings) -> list[str]:
    return [*settings.tracking.hosts, *([settings.dashboards_host] if settings.dashboards_host else [])]


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


def clients(settings: s.Settings) -> list[Client]:
    """Who gets a key: the settings' clients, and Slipway itself."""
    given = settings.ingress.auth.api_keys if settings.ingress.auth else ()
    return [
        Client(name=name, until=until, generation=settings.rotations.get(f"api-key:{name}", 0))
        for name, until in [*((each.name, each.until) for each in given), (OWN, None)]
    ]


class Gateway(pulumi.ComponentResource):
    """`name` is what routes name; where the stack has no mesh, nothing is declared and the gateway is not open.

    `ca`, `keys` and `own_key` are None without TLS and without authentication.
    """

    open: bool
    name: str
    ca: Output[str] | None
    authentication: Authentication | None
    keys: Output[dict[str, str]] | None
    own_key: Output[str] | None

    def __init__(self, name: str, args: GatewayArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:Gateway", name, None, opts)
        self._args, settings = args, args.context.settings
        self._own = settings.namespaces.mark
        self._namespace = args.platform.namespace(settings.ingress.gateway.namespace)
        self.open = settings.platform.mesh != "off"
        self.name = f"{settings.ingress.gateway.namespace}/{self._own}"
        self.ca = self.keys = self.own_key = self.authentication = None
        if self.open:
            self._serve(settings)
            if settings.dashboards_host:
                self._show_dashboards(settings.dashboards_host)
            if settings.ingress.auth:
                self._authenticate(settings, settings.ingress.auth)
            if rules := admission.rules(settings):
                refused = AdmissionArgs(rules=rules, name=self._own)
                Admission("admission", refused, ResourceOptions(parent=self))
        self.register_outputs({})

    def _serve(self, settings: s.Settings) -> None:
        """Declare who answers on which host."""
        names, tracking = settings.namespaces, settings.tracking.hosts
        hosts = {**model_hosts(settings), **dict.fromkeys(tracking, names.data)}
        if settings.dashboards_host:
            hosts[settings.dashboards_host] = prometheus.NAMESPACE.name
        # A host is served by the routes of one namespace: no other can take it.
        served = [f"{namespace}/{host}" for host, namespace in hosts.items()]
        if not settings.ingress.tls:
            anywhere = [] if tracking else [f"{names.data}/*"]
            self._istio("gateway", "Gateway", self._own, self._spec(http_server([*served, *anywhere])))
            return
        certificate = self._certify(settings.ingress.tls, list(hosts))
        self.ca = certificate.ca
        self._istio("gateway", "Gateway", self._own, self._spec(https_server(served, certificate.secret)))
        plain = f"{self._own}-http"
        # The redirect alone: no route of another namespace is taken in.
        redirected = [f"{settings.ingress.gateway.namespace}/{host}" for host in hosts]
        self._istio("gateway-http", "Gateway", plain, self._spec(http_server(redirected)))
        # The port of https:// addresses, where it is not 443.
        port = settings.cluster.kind.https_port if settings.cluster.kind else None
        redirect = redirect_spec(f"{settings.ingress.gateway.namespace}/{plain}", list(hosts), port)
        self._istio("gateway-redirect", "VirtualService", f"{self._own}-redirect", redirect)

    def _show_dashboards(self, host: str) -> None:
        """Route Grafana's host, which asks for a login of its own."""
        service = Destination(host=f"grafana.{prometheus.NAMESPACE.name}.svc.cluster.local")
        virtual_service(
            "grafana",
            self._args.platform.namespace(prometheus.NAMESPACE.name),
            path_spec(self.name, [host], "", service),
            ResourceOptions(parent=self, depends_on=self._args.platform.ready(istio.PART)),
        )

    def _certify(self, tls: s.Tls, hosts: Sequence[str]) -> Certificate:
        context = self._args.context
        certificate = CertificateArgs(
            issuer=tls.issuer,
            generation=context.settings.rotations.get("authority", 0),
            hosts=hosts,
            namespace=self._namespace,
            authority_namespace=self._args.platform.namespace(tls.authority_namespace),
            name=self._own,
            ready=self._args.platform.ready(istio.PART, cert_manager.PART),
            state=context.folder,
            connection=context.cluster.connection,
        )
        return Certificate("certificate", certificate, ResourceOptions(parent=self))

    def _authenticate(self, settings: s.Settings, auth: s.Auth) -> None:
        ingress = settings.ingress
        # Whether this stack installs it, for itself.
        own = settings.platform.mesh == "install"
        admitted = AuthenticationArgs(
            settings=auth,
            clients=clients(settings),
            gateway=ingress.gateway,
            namespace=self._namespace,
            models=list(model_hosts(settings)),
            open_hosts=[*_with_own_login(settings), *ingress.foreign_hosts] if own else None,
            http01=bool(ingress.tls and ingress.tls.issuer.http01),
            again=settings.security.mutual_tls,
            name=self._own,
            ready=self._args.platform.ready(istio.PART),
        )
        self.authentication = Authentication("authentication", admitted, ResourceOptions(parent=self))
        self.keys, self.own_key = self.authentication.keys, self.authentication.own

    def _spec(self, server: dict[str, Any]) -> dict[str, Any]:
        return {"selector": dict(self._args.context.settings.ingress.gateway.selector), "servers": [server]}

    def _istio(self, resource: str, kind: str, name: str, spec: dict[str, Any]) -> None:
        k8s.apiextensions.CustomResource(
            resource,
            api_version="networking.istio.io/v1",
            kind=kind,
            metadata={"name": name, "namespace": self._namespace},
            spec=spec,
            opts=ResourceOptions(parent=self, depends_on=self._args.platform.ready(istio.PART)),
        )
