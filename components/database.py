"""PostgreSQL for MLflow: a StatefulSet of the official image, or a database that is there."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components import pods, stateful
from components import settings as s
from components.images import Images
from components.password import Password

USER = DATABASE = "mlflow"
PORT = 5432
# The official image's postgres user.
_UID = 999
_LABELS = pods.labels("postgres")


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    settings: s.Database
    images: Images
    namespace: Input[str]


def stateful_set_spec(images: Images, settings: s.Database, secret: Input[str]) -> dict[str, Any]:
    ready = {"exec": {"command": ["pg_isready", "--username", USER, "--dbname", DATABASE, "--host", "127.0.0.1"]}}
    env = {
        "POSTGRES_USER": USER,
        "POSTGRES_DB": DATABASE,
        # A folder of its own: the volume's root may hold lost+found, which initdb refuses.
        "PGDATA": "/var/lib/postgresql/data/pgdata",
    }
    container = {
        "name": "postgres",
        "image": images["postgres"],
        "env": [*pods.env(env), pods.secret_env("POSTGRES_PASSWORD", secret, "password")],
        "ports": [{"name": "postgres", "containerPort": PORT}],
        "resources": settings.resources.manifest(),
        **stateful.probes(ready),
        "volumeMounts": [{"name": "run", "mountPath": "/var/run/postgresql"}],
    }
    return stateful.spec(
        "postgres",
        _LABELS,
        container,
        settings,
        images,
        user=_UID,
        mount="/var/lib/postgresql/data",
        volumes=({"name": "run", "emptyDir": {}},),
    )


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
