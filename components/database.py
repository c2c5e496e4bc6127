"""PostgreSQL for MLflow: a StatefulSet of the official image, or a database that is there."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components import pods
from components import settings as s
from components.images import Images
from components.password import Password

USER = DATABASE = "mlflow"
PORT = 5432
# The official image's postgres user.
_UID = 999
_LABELS = {"app.kubernetes.io/name": "postgres", "app.kubernetes.io/part-of": "slipway"}


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    settings: s.Database
    images: Images
    namespace: Input[str]


def stateful_set_spec(images: Images, settings: s.Database, secret: Input[str]) -> dict[str, Any]:
    ready = {"exec": {"command": ["pg_isready", "--username", USER, "--dbname", DATABASE, "--host", "127.0.0.1"]}}
    scratch, tmp = pods.scratch("tmp")
    owner = pods.own_volume(images["volume-permissions"], "data", _UID)
    owners = [owner] if settings.volume_permissions else []
    return {
        "serviceName": "postgres",
        "replicas": 1,
        "selector": {"matchLabels": _LABELS},
        "persistentVolumeClaimRetentionPolicy": {
            "whenDeleted": "Retain" if settings.keep else "Delete",
            "whenScaled": "Retain",
        },
        "template": {
            "metadata": {"labels": _LABELS},
            "spec": {
                "automountServiceAccountToken": False,
                "securityContext": pods.pod_security(_UID),
                "initContainers": owners,
                "containers": [
                    {
                        "name": "postgres",
                        "image": images["postgres"],
                        "env": [
                            *pods.env(
                                {
                                    "POSTGRES_USER": USER,
                                    "POSTGRES_DB": DATABASE,
                                    # A folder of its own: the volume's root may hold lost+found, which initdb refuses.
                                    "PGDATA": "/var/lib/postgresql/data/pgdata",
                                }
                            ),
                            pods.secret_env("POSTGRES_PASSWORD", secret, "password"),
                        ],
                        "ports": [{"name": "postgres", "containerPort": PORT}],
                        "resources": settings.resources.manifest(),
                        "securityContext": pods.CONTAINER,
                        # The first start makes the database and may take a while on a slow disk.
                        "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 180, "timeoutSeconds": 5},
                        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 5},
                        "livenessProbe": {**ready, "periodSeconds": 20, "timeoutSeconds": 5, "failureThreshold": 6},
                        "volumeMounts": [
                            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
                            {"name": "run", "mountPath": "/var/run/postgresql"},
                            tmp,
                        ],
                    }
                ],
                "volumes": [{"name": "run", "emptyDir": {}}, scratch],
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": settings.storage}}},
            }
        ],
    }


class Database(pulumi.ComponentResource):
    """`secret` names a Secret whose key `uri` is the database's SQLAlchemy URL."""

    secret: Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:storage:Database", name, None, opts)
        child = ResourceOptions(parent=self)
        data: dict[str, Input[str]]
        if args.settings.url:
            data = {"uri": Output.secret(args.settings.url.get_secret_value())}
        else:
            password = Password("database-password", child).value
            uri = Output.concat(
                "postgresql+psycopg2://", USER, ":", password, "@postgres.", args.namespace, f":{PORT}/{DATABASE}"
            )
            data = {"password": password, "uri": Output.secret(uri)}
        self.secret = k8s.core.v1.Secret(
            "database", metadata={"name": "database", "namespace": args.namespace}, string_data=data, opts=child
        ).metadata["name"]
        if not args.settings.url:
            self._serve(args, child)
        self.register_outputs({"secret": self.secret})

    def _serve(self, args: DatabaseArgs, child: ResourceOptions) -> None:
        metadata = {"name": "postgres", "namespace": args.namespace, "labels": _LABELS}
        k8s.core.v1.Service(
            "postgres",
            # A Service is awaited until it has endpoints, which here come with the StatefulSet that is made beside it.
            metadata={**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={"selector": _LABELS, "ports": [{"name": "postgres", "port": PORT}]},
            opts=child,
        )
        k8s.apps.v1.StatefulSet(
            "postgres",
            metadata=metadata,
            spec=stateful_set_spec(args.images, args.settings, self.secret),
            opts=child,
        )
