"""etcd, the API server, the controller manager and KWOK on loopback: a cluster whose nodes and pods are simulated."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from components.clients import private
from components.clients.process import CommandFailed, run
from components.errors import SlipwayError
from tools.embedded import loopback, waiting
from tools.embedded.processes import Background

BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager", "kwok", "kubectl")
# A machine with other work takes many times the usual five.
READY_SECONDS = 300.0
OBJECTS = Path(__file__).parent / "objects"
STAGES = Path(__file__).parent / "stages.yaml"


@dataclass(frozen=True)
class ControlPlane:
    """The control plane whose data and logs are in `folder`; the processes are those of `BINARIES`."""

    folder: Path
    context: str
    ports: Mapping[str, int]
    # The environment that the binaries are found in.
    env: Mapping[str, str]

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.ports['apiserver']}"

    def start(self) -> None:
        """Return when it serves its own kinds and those of the platform. Raises SlipwayError."""
        self._need_binaries()
        private.folder(self.folder)
        etcd, apiserver = self._process("etcd"), self._process("kube-apiserver")
        if not etcd.pid or not apiserver.pid:
            # One without the other is of no use, and their ports may have changed.
            self.stop()
        token = self._token()
        self._etcd_pair.make()
        etcd.start(self._etcd(), self.env)
        apiserver.start(self._apiserver(), self.env)
        authority = self.folder / "certificates" / "apiserver.crt"
        authorization = {"Authorization": f"Bearer {token}"}
        waiting.until(apiserver, f"{self.url}/readyz", READY_SECONDS, authorization, authority)
        private.write(self.kubeconfig, json.dumps(self._kubeconfig(authority, token), indent=1).encode())
        self._process("kube-controller-manager").start(self._controller_manager(), self.env)
        self.apply_objects()
        self._process("kwok").start(self._kwok(), self.env)

    def stop(self) -> None:
        for name in reversed(BINARIES):
            self._process(name).stop()

    def running(self) -> dict[str, bool]:
        return {name: self._process(name).pid is not None for name in BINARIES if name != "kubectl"}

    def apply_objects(self) -> None:
        """The node, its placement rule and the platform's kinds. Raises SlipwayError with kubectl's words."""
        command = ["kubectl", f"--kubeconfig={self.kubeconfig}", "apply", "--server-side", "--force-conflicts"]
        try:
            run([*command, f"--filename={OBJECTS}"], env=self.env)
        except CommandFailed as error:
            raise SlipwayError(f"the embedded cluster refused its own objects in {OBJECTS}: {error.output}") from None

    def _process(self, name: str) -> Background:
        return Background(self.folder, name)

    def _need_binaries(self) -> None:
        missing = [name for name in BINARIES if not shutil.which(name, path=self.env.get("PATH"))]
        if missing:
            raise SlipwayError(f"not in .tools/bin nor on PATH: {', '.join(missing)}; get them: make tools")

    def _token(self) -> str:
        """The administrator's token, made once with the key of the service accounts."""
        tokens, key = self.folder / "tokens.csv", self.folder / "service-accounts.key"
        if not tokens.is_file():
            pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
            private.write(key, pair.private_bytes(*form, serialization.NoEncryption()))
            private.write(tokens, f'{secrets.token_urlsafe(32)},admin,admin,"system:masters"\n'.encode())
        return tokens.read_text().partition(",")[0]

    @property
    def _etcd_pair(self) -> loopback.Pair:
        return loopback.Pair(self.folder / "etcd.crt", self.folder / "etcd.key")

    def _etcd(self) -> list[str]:
        client, peer = (f"https://127.0.0.1:{self.ports[name]}" for name in ("etcd", "etcd-peer"))
        pair = self._etcd_pair
        return [
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            # What is lost with the machine's power is made again by `up`.
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            # Whoever may ask it has every Secret of the cluster: another user of this machine has not this certificate.
            *(
                f"--{of}{option}"
                for of in ("", "peer-")
                for option in (
                    "client-cert-auth",
                    f"trusted-ca-file={pair.certificate}",
                    f"cert-file={pair.certificate}",
                    f"key-file={pair.key}",
                )
            ),
        ]

    def _apiserver(self) -> list[str]:
        key, pair = self.folder / "service-accounts.key", self._etcd_pair
        return [
            "kube-apiserver",
            f"--etcd-servers=https://127.0.0.1:{self.ports['etcd']}",
            f"--etcd-cafile={pair.certificate}",
            f"--etcd-certfile={pair.certificate}",
            f"--etcd-keyfile={pair.key}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.ports['apiserver']}",
            f"--cert-dir={self.folder / 'certificates'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            # Simulated pods mount no token.
            "--disable-admission-plugins=ServiceAccount",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.0.0.0/16",
            # For the rule that stands in for a scheduler.
            "--feature-gates=MutatingAdmissionPolicy=true",
            "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
        ]

    def _controller_manager(self) -> list[str]:
        return [
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            # A laptop that slept must not find its pods evicted.
            "--controllers=*,-node-lifecycle-controller",
            "--leader-elect=false",
            "--secure-port=0",
            f"--service-account-private-key-file={self.folder / 'service-accounts.key'}",
        ]

    def _kwok(self) -> list[str]:
        # Without leases the node would go NotReady.
        return [
            "kwok",
            f"--kubeconfig={self.kubeconfig}",
            f"--config={STAGES}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
        ]

    def _kubeconfig(self, authority: Path, token: str) -> dict[str, object]:
        name = self.context
        cluster = {"server": self.url, "certificate-authority": str(authority)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }
