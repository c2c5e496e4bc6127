"""A real etcd, kube-apiserver and HPA controller on loopback, with nothing beside them."""

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager")
TOKEN = "hpa-harness"
AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "RequestResponse", "resources": [{"group": "apps", "resources": ["deployments/scale"]}]},
        {"level": "None"},
    ],
}


def missing() -> list[str]:
    return [name for name in BINARIES if not shutil.which(name)]


class ApiError(Exception):
    """The API server refused a request."""


@dataclass(frozen=True)
class Api:
    """Requests to the API server, one connection for each thread."""

    port: int
    local: threading.local

    def call(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """The answer's JSON. Raises ApiError and OSError."""
        for fresh in (False, True):
            connection = self._connection(fresh)
            try:
                data = None if body is None else json.dumps(body)
                headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                text = response.read()
            except (http.client.HTTPException, OSError):
                if fresh:
                    raise
                continue
            if response.status >= 300:
                raise ApiError(f"{method} {path}: {response.status}: {text.decode()[:500]}")
            return json.loads(text)

    def patch(self, path: str, body: Any) -> Any:
        return self.call("PATCH", path, body, "application/merge-patch+json")

    def _connection(self, fresh: bool) -> http.client.HTTPSConnection:
        if fresh or not hasattr(self.local, "connection"):
            context = ssl._create_unverified_context()
            self.local.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        connection: http.client.HTTPSConnection = self.local.connection
        return connection


@dataclass(frozen=True)
class ControlPlane:
    api: Api
    folder: Path
    certificate: Path
    key: Path
    gates: str

    def scalings(self) -> Iterator[Any]:
        """The API server's record of every scale subresource read or updated, as audit events."""
        for line in (self.folder / "audit.log").read_text().splitlines():
            yield json.loads(line)

    @contextlib.contextmanager
    def controller(self, flags: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
        """The HPA controller, with its log (one JSON object a line) as `stderr`."""
        kubeconfig = self.folder / "kubeconfig"
        command = [
            "kube-controller-manager",
            f"--kubeconfig={kubeconfig}",
            "--controllers=horizontal-pod-autoscaler-controller",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=5000",
            "--kube-api-burst=10000",
            "--logging-format=json",
            "--v=4",
            *([f"--feature-gates={self.gates}"] if self.gates else []),
            *flags,
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(folder: Path, gates: str = "") -> Iterator[ControlPlane]:
    """etcd and the API server in `folder` with feature `gates`, until the block ends. Raises TimeoutError."""
    client, peer, port = free_port(), free_port(), free_port()
    key = folder / "service-account.key"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    key.write_bytes(private.private_bytes(*pem))
    (folder / "tokens.csv").write_text(f'{TOKEN},harness,harness,"system:masters"\n')
    (folder / "kubeconfig").write_text(_kubeconfig(port))
    (folder / "audit.json").write_text(json.dumps(AUDIT))
    etcd = [
        "etcd",
        f"--data-dir={folder / 'etcd'}",
        "--unsafe-no-fsync",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
    ]
    server = [
        "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{client}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=AlwaysAllow",
        "--disable-admission-plugins=ServiceAccount",
        "--service-account-issuer=https://harness",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        f"--audit-policy-file={folder / 'audit.json'}",
        f"--audit-log-path={folder / 'audit.log'}",
        *([f"--feature-gates={gates}"] if gates else []),
    ]
    with contextlib.ExitStack() as stack:
        for command in (etcd, server):
            log = stack.enter_context((folder / f"{command[0]}.log").open("w"))
            process = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
        api = Api(port, threading.local())
        _until(lambda: api.call("GET", "/api/v1/namespaces/default"), 60)
        certificates = folder / "certificates"
        yield ControlPlane(api, folder, certificates / "apiserver.crt", certificates / "apiserver.key", gates)


def _until(ready: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            ready()
            return
        except (OSError, ApiError, http.client.HTTPException) as error:
            if time.monotonic() > end:
                raise TimeoutError(f"the control plane did not start within {seconds:g} s: {error}") from error
            time.sleep(0.2)


def _kubeconfig(port: int) -> str:
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": TOKEN}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }
    )
