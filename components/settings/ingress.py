"""How requests come in, and who may make them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from components.settings.addresses import Domain, Email, HostAndPort, HostPattern, HttpUrl, SecureUrl
from components.settings.credentials import Certificate, KeySet, Party
from components.settings.kubernetes_names import (
    AnnotationName,
    AnnotationValue,
    ClientName,
    LabelName,
    LabelValue,
    Namespace,
    ObjectName,
)
from components.settings.moments import Day
from components.settings.section import Port, Secret, Section

GatewayPort = Literal["http2", "https", "status-port"]
ServiceType = Literal["NodePort", "LoadBalancer", "ClusterIP"]
# Kubernetes' default range.
NodePort = Annotated[Port, Field(ge=30000, le=32767)]
# Slipway's own client: the gate, and whoever runs `make predict`.
OWN = "slipway"


class SelfSigned(Section):
    """A certificate authority of the stack's own, made once in the cluster."""


class CertificateAuthority(Section):
    """Your own certificate authority."""

    certificate: Certificate = Field(description="PEM.")
    key: Secret = Field(description="PEM, a secret.")


class Acme(Section):
    """An ACME server, such as Let's Encrypt."""

    email: Email
    server: SecureUrl = "https://acme-v02.api.letsencrypt.org/directory"
    solver: dict[str, Any] = Field(
        default_factory=dict,
        description="cert-manager's solver, such as dns01; default: http01 through the ingress.",
    )


class ExistingIssuer(Section):
    """An issuer of cert-manager's that the cluster has."""

    name: ObjectName
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

    issuer: Party
    jwks_uri: HttpUrl | None = None
    jwks: KeySet | None = Field(None, description="The key set itself, as JSON: public keys.")
    audiences: Sequence[Party] = ()


class ApiKey(Section):
    """A client that gets a key."""

    name: ClientName
    until: Day | None = Field(None, description="The last day (UTC) on which it is taken, in quotes; default: no end.")


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
    selector: dict[LabelName, LabelValue] = Field(
        default_factory=lambda: {"istio": "ingressgateway"}, description="Labels of its pods."
    )
    knative_namespace: Namespace = Field(
        "istio-system",
        description="Where Service knative-local-gateway is, with platform.serverless: existing.",
    )


@dataclass(frozen=True, kw_only=True)
class GatewayService:
    """The Service of the gateway that Slipway installs; the cluster chooses the node ports that are left out."""

    type: ServiceType
    node_ports: Mapping[GatewayPort, int] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


class Ingress(Section):
    """How requests reach the cluster."""

    domain: Domain = Field(description="Models answer on <model>-<namespace>.<domain>.")
    address: HostAndPort | None = Field(
        None,
        description="host:port at which this machine reaches the gateway (with tls, its HTTPS port); default: the "
        "kind port, else each host's own name.",
    )
    service_type: ServiceType | None = Field(
        None,
        description="Of the gateway's Service; default: LoadBalancer. On kind it is NodePort, which the cluster maps.",
    )
    node_ports: dict[GatewayPort, NodePort] = Field(
        default_factory=dict,
        description="Of the gateway's Service; default: the cluster chooses. On kind they follow from the cluster.",
    )
    annotations: dict[AnnotationName, AnnotationValue] = Field(
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
