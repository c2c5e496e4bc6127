"""How requests come in, and who may make them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr

from components.settings.names import ClientName, Date, Domain, HostPattern, HttpUrl, Namespace
from components.settings.section import Port, Section, Text

GatewayPort = Literal["http2", "https", "status-port"]


class SelfSigned(Section):
    """A certificate authority of the stack's own, made once in the cluster."""


class CertificateAuthority(Section):
    """Your own certificate authority."""

    certificate: Text = Field(description="PEM.")
    key: SecretStr = Field(description="PEM, a secret.")


class Acme(Section):
    """An ACME server, such as Let's Encrypt."""

    email: Text
    server: HttpUrl = "https://acme-v02.api.letsencrypt.org/directory"
    solver: dict[str, Any] = Field(
        default_factory=dict,
        description="cert-manager's solver, such as dns01; default: http01 through the ingress.",
    )


class ExistingIssuer(Section):
    """An issuer of cert-manager's that the cluster has."""

    name: Text
    kind: Literal["ClusterIssuer", "Issuer"] = "ClusterIssuer"


class Issuer(Section):
    """Who signs the ingress's certificate: exactly one of these."""

    self_signed: SelfSigned | None = None
    ca: CertificateAuthority | None = None
    acme: Acme | None = None
    existing: ExistingIssuer | None = None

    @property
    def http01(self) -> bool:
        """Whether an ACME server asks for each name over plain HTTP, through an Ingress of Istio's."""
        return bool(self.acme and (not self.acme.solver or "http01" in self.acme.solver))


class Tls(Section):
    """TLS at the gateway; plain HTTP is redirected."""

    issuer: Issuer
    authority_namespace: Namespace = Field(
        "cert-manager",
        description="cert-manager's cluster resource namespace, where the issuer's own keys are: another one only with "
        "platform.certificates: existing.",
    )


class Jwt(Section):
    """Tokens of an identity provider: `issuer`, and its keys by `jwksUri` or as `jwks`."""

    issuer: Text
    jwks_uri: HttpUrl | None = None
    jwks: Text | None = Field(None, description="The key set itself, as JSON: public keys.")
    audiences: Sequence[Text] = ()


class ApiKey(Section):
    """A client that gets a key."""

    name: ClientName
    until: Date | None = Field(None, description="The last day (UTC) on which it is taken, in quotes; default: no end.")


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


_ApiKey = Annotated[ApiKey, BeforeValidator(_named, json_schema_input_type=ApiKey | ClientName)]


class Auth(Section):
    """Who may ask the models; without a credential of one of these a request is refused."""

    jwt: Sequence[Jwt] = ()
    api_keys: Sequence[_ApiKey] = Field(
        (), description="Names of clients; a key is made for each, and is a secret output of the stack."
    )


class Gateway(Section):
    """An Istio ingress gateway that is there (platform.mesh: existing)."""

    namespace: Namespace = "istio-ingress"
    selector: dict[Text, Text] = Field(
        default_factory=lambda: {"istio": "ingressgateway"}, description="Labels of its pods."
    )
    knative_namespace: Namespace = Field(
        "istio-system",
        description="Where Service knative-local-gateway is, with platform.serverless: existing.",
    )


class Ingress(Section):
    """How requests reach the cluster."""

    domain: Domain = Field(description="Models answer on <model>-<namespace>.<domain>.")
    address: Text | None = Field(
        None,
        description="host:port at which this machine reaches the gateway (with tls, its HTTPS port); default: the "
        "kind port, else each host's own name.",
    )
    service_type: Literal["NodePort", "LoadBalancer", "ClusterIP"] = "LoadBalancer"
    node_ports: dict[GatewayPort, Port] = Field(default_factory=dict)
    annotations: dict[Text, Text] = Field(
        default_factory=dict, description="Of the gateway's Service, such as a cloud's load balancer options."
    )
    gateway: Gateway = Gateway()
    foreign_hosts: Sequence[HostPattern] = Field(
        (),
        description="Hosts at Slipway's own gateway that others serve and protect; with `auth`, every other host is "
        "refused without a credential of this stack.",
    )
    tls: Tls | None = None
    auth: Auth | None = None
