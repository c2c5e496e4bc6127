"""The MLflow tracking server, on the database and the object store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, Resource, ResourceOptions

from components import settings as s
from components.context import Context
from components.data import fingerprint
from components.data.database import Database
from components.data.object_store import ENGINES, ObjectStore
from components.data.tracking_auth import ADMIN, TrackingAuth, TrackingAuthArgs
from components.dynamic.model_files import Login
from components.ingress.gateway import Gateway
from components.ingress.route import SERVER_INFO, SERVER_INFO_OF_CLIENTS, Destination, path_spec, virtual_service
from components.kubernetes import placement, pods, pull_secret

PORT = 5000
DESTINATION = "MLFLOW_ARTIFACTS_DESTINATION"
_UID = 1000
_LABELS = pods.labels("mlflow")
_MIGRATE = Path(__file__).parent / "scripts" / "migrate.py"


@dataclass(frozen=True, kw_only=True)
class TrackingArgs:
    context: Context
    namespace: Output[str]
    database: Database
    store: ObjectStore
    gateway: Gateway

    @property
    def settings(self) -> s.Tracking:
        return self.context.settings.tracking

    @property
    def host(self) -> str:
        """The name of the server inside the cluster."""
        return f"mlflow.{self.context.settings.namespaces.data}"


def allowed_hosts(namespace: str, hosts: Sequence[str]) -> str:
    """The Host headers that MLflow answers, as its `--allowed-hosts` takes them.

    MLflow compares the header with its port, and setting the list drops its default (localhost and private addresses),
    so each name stands here bare and with any port.
    """
    names = ["mlflow", f"mlflow.{namespace}", f"mlflow.{namespace}.svc", f"mlflow.{namespace}.svc.cluster.local"]
    return ",".join(form for host in [*names, "localhost", "127.0.0.1", *hosts] for form in (host, f"{host}:*"))


def prefix(settings: s.Tracking) -> str:
    """The path that the server is at: a host of its own needs none; without one, models keep every other path."""
    return "" if settings.hosts else "/mlflow"


def server_command(args: TrackingArgs) -> list[str]:
    options = {
        "--host": "0.0.0.0",
        "--port": str(PORT),
        "--workers": str(args.settings.workers),
        "--allowed-hosts": allowed_hosts(args.context.settings.namespaces.data, args.settings.hosts),
    }
    if path := prefix(args.settings):
        options["--static-prefix"] = path
    if args.settings.auth:
        options["--app-name"] = "basic-auth"
    return ["mlflow", "server", *(word for option in options.items() for word in option)]


def pod_labels(identity: Mapping[str, str]) -> dict[str, str]:
    """The pods' labels; Azure's webhook acts on labelled pods only."""
    azure = any(key.startswith("azure.workload.identity/") for key in identity)
    return {**_LABELS, **({"azure.workload.identity/use": "true"} if azure else {})}


def deployment_spec(
    args: TrackingArgs,
    script: Input[str],
    account: Input[str],
    auth: TrackingAuth | None,
    annotations: Mapping[str, Input[str]],
) -> dict[str, Any]:
    """The `spec` of the server's Deployment; `auth` is None where everybody may do everything."""
    settings = args.settings
    alive = pods.http_probe(f"{prefix(settings)}/health", PORT, timeoutSeconds=5)
    scratch, tmp = pods.scratch("tmp")
    database = pods.secret_env("MLFLOW_BACKEND_STORE_URI", args.database.secret, "uri")
    previous = pods.secret_env("PREVIOUS_PASSWORD", args.database.secret, "previous", optional=True)
    login, volumes, mounts = (auth.server_env, [auth.volume[0]], [auth.volume[1]]) if auth else ([], [], [])
    image = args.context.images["mlflow"]
    return {
        "replicas": settings.replicas,
        "selector": {"matchLabels": _LABELS},
        "template": {
            "metadata": {
                "labels": pod_labels(args.store.identity),
                "annotations": dict(annotations),
            },
            "spec": {
                "serviceAccountName": account,
                # A cloud's webhook mounts the token that its identity needs: the one for this cluster's API is none.
                "automountServiceAccountToken": False,
                "topologySpreadConstraints": placement.spread(_LABELS) if settings.replicas > 1 else [],
                "securityContext": pods.pod_security(_UID),
                "initContainers": [
                    {
                        "name": "migrate",
                        "image": image,
                        "command": ["python", "/scripts/migrate.py"],
                        "env": [database, previous, *login, *pods.env({"HOME": "/tmp"})],
                        "resources": pods.SMALL,
                        "securityContext": pods.CONTAINER,
                        "volumeMounts": [tmp, *mounts, {"name": "scripts", "mountPath": "/scripts", "readOnly": True}],
                    }
                ],
                "containers": [
                    {
                        "name": "mlflow",
                        "image": image,
                        "command": server_command(args),
                        "env": [
                            database,
                            *login,
                            *args.store.env,
                            *pods.env(
                                {
                                    "HOME": "/tmp",
                                    DESTINATION: f"s3://{args.store.bucket}",
                                    # Its background workers are for GenAI evaluations, and take memory.
                                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                                }
                            ),
                        ],
                        "ports": [{"name": "http", "containerPort": PORT}],
                        "resources": settings.resources.manifest(),
                        "securityContext": pods.CONTAINER,
                        "startupProbe": {**alive, "periodSeconds": 1, "failureThreshold": 300},
                        "readinessProbe": {**alive, "periodSeconds": 5},
                        "livenessProbe": {**alive, "periodSeconds": 20, "failureThreshold": 6},
                        "volumeMounts": [tmp, *mounts],
                    }
                ],
                "volumes": [scratch, *volumes, {"name": "scripts", "configMap": {"name": script}}],
            },
        },
    }


def uri(settings: s.Tracking, ingress_address: str | None, tls: bool) -> str:
    """Where this machine reaches the server: its own name, at the port of the gateway."""
    scheme, usual = ("https", "443") if tls else ("http", "80")
    place = ingress_address
    if settings.hosts:
        port = ingress_address.partition(":")[2] if ingress_address else ""
        place = settings.hosts[0] + (f":{port}" if port not in ("", usual) else "")
    return settings.uri or f"{scheme}://{place}{prefix(settings)}"


def hidden_paths(settings: s.Settings) -> str | None:
    """What the server tells and the gateway does not: a stack's own store has a name inside the cluster only."""
    if settings.tracking.auth:
        return SERVER_INFO
    return SERVER_INFO_OF_CLIENTS if settings.object_store.engine in ENGINES else None


class Tracking(pulumi.ComponentResource):
    """`internal_uri` is the server inside the cluster, `uri` from this machine.

    `auth` and `login`, the administrator's, are None where everybody may do everything.
    """

    internal_uri: Output[str]
    uri: Output[str]
    auth: TrackingAuth | None
    login: Login | None

    def __init__(self, name: str, args: TrackingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:data:Tracking", name, None, opts)
        child = ResourceOptions(parent=self)
        metadata = {"name": "mlflow", "namespace": args.namespace, "labels": _LABELS}
        script = k8s.core.v1.ConfigMap(
            "mlflow-scripts",
            metadata={"name": "mlflow-scripts", "namespace": args.namespace},
            data={"migrate.py": _MIGRATE.read_text("utf-8")},
            opts=child,
        )
        account = k8s.core.v1.ServiceAccount(
            "mlflow",
            metadata={**metadata, "annotations": args.store.identity},
            automount_service_account_token=False,
            image_pull_secrets=[{"name": pull_secret.NAME}] if pull_secret.of_images(args.context.settings) else None,
            opts=child,
        )
        self.auth = None
        if args.settings.auth:
            users = TrackingAuthArgs(
                namespace=args.namespace, database_uri=args.database.uri, rotations=args.context.settings.rotations
            )
            self.auth = TrackingAuth("tracking-auth", users, child)
        # A server reads them once, and the script runs before it.
        read: list[Input[str]] = [args.database.uri, *args.store.secrets, _MIGRATE.read_text("utf-8")]
        read += self.auth.secrets if self.auth else []
        deployment = k8s.apps.v1.Deployment(
            "mlflow",
            metadata={**metadata, "annotations": {"pulumi.com/timeoutSeconds": "900"}},
            spec=deployment_spec(
                args,
                script.metadata["name"],
                account.metadata["name"],
                self.auth,
                fingerprint.annotations("mlflow", read, child),
            ),
            # With keys that the store knows, and where a new database is made from backups, when it is there.
            opts=ResourceOptions(parent=self, depends_on=[*self._waits_for(args)]),
        )
        if args.settings.replicas > 1:
            placement.budget("mlflow", namespace=args.namespace, labels=_LABELS, opts=child)
        k8s.core.v1.Service(
            "mlflow",
            metadata={**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={"selector": _LABELS, "ports": [{"name": "http", "port": PORT}]},
            opts=child,
        )
        if args.gateway.open:
            hidden = hidden_paths(args.context.settings)
            service = Destination(host=f"{args.host}.svc.cluster.local", port=PORT)
            virtual_service(
                "mlflow",
                args.namespace,
                path_spec(args.gateway.name, args.settings.hosts, prefix(args.settings), service, hidden),
                ResourceOptions(parent=self, depends_on=[args.gateway]),
            )
        ready = deployment.metadata["name"]
        self.internal_uri = ready.apply(lambda _: f"http://{args.host}:{PORT}{prefix(args.settings)}")
        tls = bool(args.context.settings.ingress.tls)
        self.uri = ready.apply(lambda _: uri(args.settings, args.context.ingress_address, tls))
        self.login = Login(username=ADMIN, password=self.auth.password) if self.auth else None
        self.register_outputs({"internal_uri": self.internal_uri, "uri": self.uri})

    def _waits_for(self, args: TrackingArgs) -> list[Resource]:
        """What the servers come after; at first they start beside it, and wait for an answer themselves."""
        settings = args.context.settings
        store = [args.store] if settings.rotations.get("store") else []
        cluster = settings.database.cloud_native_pg
        return [*store, *([args.database] if cluster and cluster.recovery else [])]
