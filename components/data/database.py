"""PostgreSQL for MLflow: one pod of the official image, a CloudNativePG cluster, or a database that is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, Resource, ResourceOptions

from components import settings as s
from components.context import Context
from components.data import database_cluster, volume_server
from components.data.database_cluster import DatabaseCluster, DatabaseClusterArgs
from components.dynamic.password import Password
from components.kubernetes import pods
from components.settings import database_url
from components.settings.database_url import PORT
from components.settings.images import Images

USER = DATABASE = "mlflow"
# On the Secret that names the database: where that is, as everybody may read it.
PLACE = "slipway/database"
# The official image's postgres user.
_UID = 999
_LABELS = pods.labels("postgres")
_VOLUME = "/var/lib/postgresql/data"
# A pod that was deleted by force may run on beside its successor, and PostgreSQL's own file cannot tell them apart:
# both are process 1. The kernel gives this file to one of them, until the last process of it has ended.
_ONE_AT_A_TIME = ["sh", "-c", 'exec 9>>"$0" && flock 9 && exec docker-entrypoint.sh postgres', f"{_VOLUME}/server.lock"]


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    context: Context
    namespace: Output[str]
    # What runs a CloudNativePG cluster; empty where it is there already.
    operator: Sequence[Resource] = ()


def stateful_set_spec(images: Images, settings: s.Database, secret: Input[str], claim: Input[str]) -> dict[str, Any]:
    ready = {"exec": {"command": ["pg_isready", "--username", USER, "--dbname", DATABASE, "--host", "127.0.0.1"]}}
    env = {
        "POSTGRES_USER": USER,
        "POSTGRES_DB": DATABASE,
        # A folder of its own: the volume's root may hold lost+found, which initdb refuses.
        "PGDATA": f"{_VOLUME}/pgdata",
    }
    container = {
        "name": "postgres",
        "image": images["postgres"],
        "command": _ONE_AT_A_TIME,
        "env": [*pods.env(env), pods.secret_env("POSTGRES_PASSWORD", secret, "password")],
        "ports": [{"name": "postgres", "containerPort": PORT}],
        "resources": settings.resources.manifest(),
        **volume_server.probes(ready),
        "volumeMounts": [{"name": "run", "mountPath": "/var/run/postgresql"}],
    }
    return volume_server.spec(
        "postgres",
        _LABELS,
        container,
        settings,
        images,
        claim,
        user=_UID,
        mount=_VOLUME,
        volumes=({"name": "run", "emptyDir": {}},),
    )


def _place(settings: s.Settings) -> dict[str, str]:
    """Where the database is, so that a plan can tell that MLflow would look elsewhere."""
    database, namespace = settings.database, settings.namespaces.data
    if database.url:
        found = database_url.place(database.url.get_secret_value())
        return {PLACE: found} if found else {}
    server = f"{database.cloud_native_pg.name}-rw" if database.cloud_native_pg else "postgres"
    return {PLACE: f"{server}.{namespace}:{PORT}/{DATABASE}"}


class Database(pulumi.ComponentResource):
    """`uri` is the database's SQLAlchemy URL, a secret; `secret` names a Secret that has it at `uri`.

    With `keep`, all that holds the data or is needed to read it is protected: the engine refuses to delete or replace
    it.
    """

    secret: Output[str]
    uri: Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:data:Database", name, None, opts)
        settings = args.context.settings.database
        cluster = settings.cloud_native_pg
        kept = ResourceOptions(parent=self, protect=settings.keep)
        data: dict[str, Input[str]] = {}
        if settings.url:
            self.uri = Output.secret(settings.url.get_secret_value())
        else:
            rotations = args.context.settings.rotations
            made = Password("database-password", kept, generation=rotations.get("database", 0))
            password = made.value
            # CloudNativePG's certificates are its own: they keep the line secret, and say nothing of who is there.
            host, query = (
                (database_cluster.host(cluster, args.namespace), "?sslmode=require")
                if cluster
                else (Output.concat("postgres.", args.namespace), "")
            )
            login = Output.concat("postgresql+psycopg2://", USER, ":", password)
            self.uri = Output.secret(Output.concat(login, "@", host, f":{PORT}/{DATABASE}{query}"))
            # Who comes in with the one before may set the new one: see scripts/migrate.py.
            data = {"username": USER, "password": password, "previous": made.previous}
        self.secret = k8s.core.v1.Secret(
            "database",
            metadata={"name": "database", "namespace": args.namespace, "annotations": _place(args.context.settings)},
            string_data={**data, "uri": self.uri},
            opts=kept,
        ).metadata["name"]
        if cluster:
            running = DatabaseClusterArgs(
                settings=settings,
                cluster=cluster,
                images=args.context.images,
                namespace=args.namespace,
                secret=self.secret,
                database=DATABASE,
                operator=args.operator,
            )
            DatabaseCluster("postgres", running, ResourceOptions(parent=self))
        elif not settings.url:
            self._serve(args, settings, kept)
        self.register_outputs({"secret": self.secret})

    def _serve(self, args: DatabaseArgs, settings: s.Database, kept: ResourceOptions) -> None:
        metadata = {"name": "postgres", "namespace": args.namespace, "labels": _LABELS}
        claim = volume_server.volume("postgres", args.namespace, settings, kept)
        k8s.core.v1.Service(
            "postgres",
            # A Service is awaited until it has endpoints, which here come with the StatefulSet that is made beside it.
            metadata={**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={"selector": _LABELS, "ports": [{"name": "postgres", "port": PORT}]},
            opts=kept,
        )
        k8s.apps.v1.StatefulSet(
            "postgres",
            metadata=metadata,
            spec=stateful_set_spec(args.context.images, settings, self.secret, claim),
            opts=kept,
        )
