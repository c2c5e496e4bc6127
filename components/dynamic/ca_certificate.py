"""The gateway's certificate, waited for, and the authority that a client must trust to accept it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from components.clients import private
from components.clients.waiting import wait_out
from components.cluster.connection import PASSIVE, Connection, client_of
from components.dynamic.base import DynamicProvider, DynamicResource

WITHIN = 300.0  # seconds


@dataclass(frozen=True, kw_only=True)
class CaCertificateArgs:
    namespace: Input[str]
    # The names of cert-manager's Certificate and of the Secret that it fills.
    certificate: str
    secret: str
    # What it names and who signs it: another of these is waited for again.
    hosts: Sequence[str]
    issuer: str
    # Where the authority is written for `curl --cacert`, relative to the project.
    path: str
    connection: Connection


def pending(certificate: dict[str, Any]) -> str:
    """Why the Certificate is not ready, in cert-manager's words; "" when it is."""
    conditions = certificate.get("status", {}).get("conditions", [])
    ready = next((each for each in conditions if each["type"] == "Ready"), None)
    if ready is None:
        return "cert-manager has not looked at it"
    current = ready.get("observedGeneration") == certificate["metadata"]["generation"]
    return "" if current and ready["status"] == "True" else ready.get("message") or "its last change is not signed yet"


def wait(api: Any, namespace: str, name: str, seconds: float = WITHIN) -> None:
    """Return when the Certificate is ready; raises TimeoutError with cert-manager's reason."""
    where = ("cert-manager.io", "v1", namespace, "certificates", name)
    if reason := wait_out(lambda: pending(api.get_namespaced_custom_object(*where)), seconds, every=1):
        raise TimeoutError(
            f"the certificate of the gateway was not signed within {seconds:.0f} s: {reason}. To find out why: "
            f"`kubectl --namespace {namespace} describe certificate {name}`, then `… get issuers,orders,challenges`"
        )


def read(props: dict[str, Any]) -> dict[str, Any]:
    """Wait for the certificate, and write its authority's own to `path`; `ca` is "" for one that everybody trusts."""
    from kubernetes import client

    api = client_of(props)
    wait(client.CustomObjectsApi(api), props["namespace"], props["certificate"])
    data = client.CoreV1Api(api).read_namespaced_secret(props["secret"], props["namespace"]).data or {}
    ca = base64.b64decode(data.get("ca.crt", "")).decode()
    write(Path(props["path"]), ca)
    return {**props, "ca": ca}


def write(path: Path, ca: str) -> None:
    path.unlink(missing_ok=True)
    if ca:
        private.folder(path.parent)
        path.write_text(ca)


class CaCertificateProvider(DynamicProvider):
    passive = PASSIVE

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(f"{props['namespace']}/{props['certificate']}", read(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(read(_news))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        path, ca = Path(str(_news["path"])), _olds.get("ca", "")
        # Another checkout of the same stack has no file yet.
        there = (path.read_text() if path.is_file() else "") == ca
        return DiffResult(changes=not there or bool(self.changed(_olds, _news)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        Path(_props["path"]).unlink(missing_ok=True)


class CaCertificate(DynamicResource, provider=CaCertificateProvider):
    """`ca` is the authority's certificate (PEM, public), or "" where this machine's own trust is enough."""

    ca: Output[str]

    def __init__(self, name: str, args: CaCertificateArgs, opts: ResourceOptions | None = None) -> None:
        given = {key: value for key, value in vars(args).items() if key != "connection"}
        super().__init__(name, {**given, **vars(args.connection), "hosts": list(args.hosts)}, opts)
