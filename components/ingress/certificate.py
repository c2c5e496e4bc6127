"""The gateway's certificate: its issuer, the certificate and what clients must trust."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components import settings as s
from components.clients.connection import Connection
from components.dynamic.ca_certificate import CaCertificate, CaCertificateArgs

_API = "cert-manager.io/v1"
# Of an authority that only this stack's clients trust; what it signs is renewed every 60 days by cert-manager.
_TEN_YEARS = "87600h0m0s"
_ELLIPTIC = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    issuer: s.Issuer
    # Of the stack's own authority: another one is another authority.
    generation: int
    # Every name that it is for: a wildcard could not be had from ACME by http01.
    hosts: Sequence[str]
    # The gateway's namespace: it reads its certificate from there alone.
    namespace: Output[str]
    # Where cert-manager keeps what its ClusterIssuers sign with. Not the gateway's, who may read every Secret there.
    authority_namespace: Output[str]
    # Of all objects, so that several stacks can share the namespace.
    name: str
    # cert-manager, where this stack installs it.
    ready: Sequence[Resource]
    # The folder of this stack's own files, relative to the project.
    state: Path
    connection: Connection


def issuer_reference(issuer: s.Issuer, name: str, generation: int) -> dict[str, str]:
    """The certificate's `issuerRef`. What tells one authority from the next is in the name, so that another one signs
    anew: the digest of the user's, the generation of the stack's own."""
    if issuer.existing:
        return {"name": issuer.existing.name, "kind": issuer.existing.kind, "group": "cert-manager.io"}
    digest = f"-{hashlib.sha256(issuer.ca.certificate.encode()).hexdigest()[:8]}" if issuer.ca else ""
    if issuer.self_signed and generation:
        digest = f"-{generation}"
    return {"name": f"{name}{digest}", "kind": "ClusterIssuer", "group": "cert-manager.io"}


def acme_spec(acme: s.Acme, name: str) -> dict[str, Any]:
    # Istio serves the challenge's Ingress by this class; the redirect to HTTPS stands behind every other route.
    http01 = {"http01": {"ingress": {"class": "istio", "serviceType": "ClusterIP"}}}
    return {
        "acme": {
            "email": acme.email,
            "server": acme.server,
            "privateKeySecretRef": {"name": f"{name}-acme"},
            "solvers": [acme.solver or http01],
        }
    }


class Certificate(pulumi.ComponentResource):
    """`secret` is the Secret that the gateway reads, `ca` what a client must trust (PEM; "" for what all trust)."""

    secret: str
    ca: Output[str]

    def __init__(self, name: str, args: CertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:ingress:Certificate", name, None, opts)
        self._child, self._args = ResourceOptions(parent=self, depends_on=list(args.ready)), args
        reference, signer = issuer_reference(args.issuer, args.name, args.generation), self._issuer()
        self.secret = f"{args.name}-tls"
        spec = {
            "secretName": self.secret,
            "dnsNames": list(args.hosts),
            "issuerRef": reference,
            "privateKey": _ELLIPTIC,
            "usages": ["server auth"],
        }
        certificate = self._certificate("gateway-certificate", args.name, args.namespace, spec, signer)
        told = CaCertificateArgs(
            namespace=args.namespace,
            certificate=args.name,
            secret=self.secret,
            hosts=args.hosts,
            issuer=json.dumps(reference),
            connection=args.connection,
        )
        self.ca = CaCertificate(
            "gateway-ca-certificate", told, ResourceOptions(parent=self, depends_on=[certificate])
        ).ca
        self.register_outputs({"ca": self.ca})

    def _issuer(self) -> list[Resource]:
        """What signs the certificate, as resources to wait for; none for an issuer that the cluster has."""
        args, issuer = self._args, self._args.issuer
        name = issuer_reference(issuer, args.name, args.generation)["name"]
        signed = {"ca": {"secretName": f"{name}-ca"}}
        if issuer.acme:
            return [self._object("gateway-issuer", "ClusterIssuer", name, None, acme_spec(issuer.acme, name))]
        if issuer.ca:
            pair = k8s.core.v1.Secret(
                "gateway-ca",
                metadata={"name": f"{name}-ca", "namespace": args.authority_namespace},
                type="kubernetes.io/tls",
                string_data={
                    "tls.crt": issuer.ca.certificate,
                    "tls.key": Output.secret(issuer.ca.key.get_secret_value()),
                },
                opts=self._child,
            )
            return [self._object("gateway-issuer", "ClusterIssuer", name, None, signed, [pair])]
        if issuer.self_signed:
            where = args.authority_namespace
            root = self._object("gateway-root", "Issuer", f"{name}-root", where, {"selfSigned": {}})
            spec = {
                "isCA": True,
                "commonName": f"{name} authority",
                "secretName": f"{name}-ca",
                "duration": _TEN_YEARS,
                "issuerRef": {"name": f"{name}-root", "kind": "Issuer", "group": "cert-manager.io"},
                "privateKey": _ELLIPTIC,
            }
            own = self._certificate("gateway-ca", f"{name}-ca", where, spec, [root])
            return [self._object("gateway-issuer", "ClusterIssuer", name, None, signed, [own])]
        return []

    def _certificate(
        self, resource: str, name: str, namespace: Output[str], spec: dict[str, Any], after: list[Resource]
    ) -> Resource:
        """A Certificate, and the Secret that it fills: cert-manager would leave that one behind."""
        secret = k8s.core.v1.Secret(
            f"{resource}-secret",
            metadata={"name": spec["secretName"], "namespace": namespace},
            type="kubernetes.io/tls",
            string_data={"tls.crt": "", "tls.key": ""},
            opts=ResourceOptions.merge(self._child, ResourceOptions(ignore_changes=["data", "stringData"])),
        )
        return self._object(resource, "Certificate", name, namespace, spec, [secret, *after])

    def _object(
        self,
        resource: str,
        kind: str,
        name: str,
        namespace: Output[str] | None,
        spec: dict[str, Any],
        after: list[Resource] | None = None,
    ) -> Resource:
        return k8s.apiextensions.CustomResource(
            resource,
            api_version=_API,
            kind=kind,
            metadata={"name": name, **({"namespace": namespace} if namespace else {})},
            spec=spec,
            opts=ResourceOptions.merge(self._child, ResourceOptions(depends_on=after or [])),
        )
