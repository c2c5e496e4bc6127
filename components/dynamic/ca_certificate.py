"""The gateway's certificate, waited for, and the authority that a client must trust to accept it."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckResult, CreateResult, ReadResult, UpdateResult

from components.clients.connection import PASSIVE, Connection, cluster_of
from components.clients.waiting import wait_out
from components.dynamic.base import DynamicProvider, DynamicResource

if TYPE_CHECKING:
    from components.clients.cluster_api import Cluster

WITHIN = 300.0  # seconds
_CERTIFICATES = "/apis/cert-manager.io/v1/namespaces/{}/certificates"


@dataclass(frozen=True, kw_only=True)
class CaCertificateArgs:
    namespace: Input[str]
    # The names of cert-manager's Certificate and of the Secret that it fills.
    certificate: str
    secret: str
    # What it names and who signs it: another of these is waited for again.
    hosts: Sequence[str]
    issuer: str
    connection: Connection


def pending(certificate: dict[str, Any]) -> str:
    """Why the Certificate is not ready, in cert-manager's words; "" when it is."""
    conditions = certificate.get("status", {}).get("conditions") or []
    ready = next((each for each in conditions if each["type"] == "Ready"), None)
    if ready is None:
        return "cert-manager has not looked at it"
    current = ready.get("observedGeneration") == certificate["metadata"]["generation"]
    return "" if current and ready["status"] == "True" else ready.get("message") or "its last change is not signed yet"


def wait(cluster: "Cluster", namespace: str, name: str, seconds: float = WITHIN) -> None:
    """Return when the Certificate is ready; raises TimeoutError with cert-manager's reason."""
    path = f"{_CERTIFICATES.format(namespace)}/{name}"
    if reason := wait_out(lambda: pending(cluster.get(path) or {}), seconds, every=1):
        raise TimeoutError(
            f"the certificate of the gateway was not signed within {seconds:.0f} s: {reason}. To find out why: "
            f"`kubectl --namespace {namespace} describe certificate {name}`, then `… get issuers,orders,challenges`"
        )


def signer(cluster: "Cluster", namespace: str, secret: str) -> str | None:
    """The authority's certificate in the Secret, "" for one that everybody trusts; None without a Secret."""
    found = cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{secret}")
    return None if found is None else base64.b64decode((found.get("data") or {}).get("ca.crt", "")).decode()


def _digest(authority: str) -> str:
    return hashlib.sha256(authority.encode()).hexdigest()


class CaCertificateProvider(DynamicProvider):
    passive = PASSIVE

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Add who signs now: an authority is replaced by its owner, in the cluster, and an `up` is to learn of it."""
        from components.clients.cluster_api import ClusterError

        kept = olds.get("authority")
        if not isinstance(news["namespace"], str):
            return CheckResult(news, [])
        try:
            found = signer(cluster_of(news), news["namespace"], news["secret"])
        except ClusterError:
            found = None
        authority = kept if found is None else _digest(found)
        return CheckResult({**news, "authority": authority} if authority else news, [])

    def changed(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
        same = news.get("authority") in (None, _digest(olds.get("ca") or ""))
        return [key for key in super().changed(olds, news) if key != "authority" or not same]

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(f"{props['namespace']}/{props['certificate']}", self._signed(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._signed(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        ca = signer(cluster_of(props), props["namespace"], props["secret"])
        return ReadResult(None, {}) if ca is None else ReadResult(id_, {**props, "ca": ca})

    def _signed(self, props: dict[str, Any]) -> dict[str, Any]:
        cluster = cluster_of(props)
        wait(cluster, props["namespace"], props["certificate"])
        return {**props, "ca": signer(cluster, props["namespace"], props["secret"]) or ""}


class CaCertificate(DynamicResource, provider=CaCertificateProvider):
    """`ca` is the authority's certificate (PEM, public), or "" where this machine's own trust is enough."""

    ca: Output[str]

    def __init__(self, name: str, args: CaCertificateArgs, opts: ResourceOptions | None = None) -> None:
        given = {key: value for key, value in vars(args).items() if key != "connection"}
        super().__init__(name, {**given, **vars(args.connection), "hosts": list(args.hosts)}, opts)
