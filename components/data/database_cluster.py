"""PostgreSQL with failover and backups: a cluster that the CloudNativePG operator runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, Resource, ResourceOptions

from components import settings as s
from components.settings.images import Images

PLUGIN = "barman-cloud.cloudnative-pg.io"
_API, _PLUGIN_API = "postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"
_BACKUPS = "postgres-backups"
_KEYS = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}
_RECOVERED = "recovered"


@dataclass(frozen=True, kw_only=True)
class DatabaseClusterArgs:
    settings: s.Database
    cluster: s.CloudNativePg
    images: Images
    namespace: Output[str]
    # Names a Secret with the `username` and `password` of the database's owner.
    secret: Input[str]
    # The database's name, and its owner's.
    database: str
    # What runs the cluster; empty where it is there already.
    operator: Sequence[Resource]


def host(cluster: s.CloudNativePg, namespace: Output[str]) -> Output[str]:
    """The Service that always leads to the primary."""
    return Output.concat(f"{cluster.name}-rw.", namespace)


def _plugin(server: str) -> dict[str, Any]:
    """The backup plugin, for the folder of the cluster `server`."""
    return {"name": PLUGIN, "parameters": {"barmanObjectName": _BACKUPS, "serverName": server}}


def cluster_spec(args: DatabaseClusterArgs) -> dict[str, Any]:
    """The `spec` of the Cluster: new and empty, or what the backups of another one hold."""
    cluster, recovery = args.cluster, args.cluster.recovery
    owned = {"database": args.database, "owner": args.database, "secret": {"name": args.secret}}
    spec: dict[str, Any] = {
        "instances": cluster.instances,
        "imageName": args.images["postgres-cluster"],
        "storage": {"size": args.settings.storage},
        "resources": args.settings.resources.manifest(),
        # A budget for a single instance would keep its node from ever being drained.
        "enablePDB": cluster.instances > 1,
        # A smart shutdown waits for clients to leave, for 180 s by default; MLflow's pool of connections never does.
        "smartShutdownTimeout": 10,
        "bootstrap": {"initdb": owned},
    }
    if recovery:
        until = {"recoveryTarget": {"targetTime": recovery.until}} if recovery.until else {}
        spec["bootstrap"] = {"recovery": {"source": _RECOVERED, **owned, **until}}
        spec["externalClusters"] = [{"name": _RECOVERED, "plugin": _plugin(recovery.source)}]
    if cluster.backup:
        spec["plugins"] = [{**_plugin(cluster.name), "isWALArchiver": True}]
        if cluster.backup.identity:
            spec["serviceAccountTemplate"] = {"metadata": {"annotations": dict(cluster.backup.identity)}}
    return spec


def store_spec(backup: s.Backup) -> dict[str, Any]:
    """The `spec` of the plugin's ObjectStore; without keys, the pods' own identity is used."""
    keys = {key: {"name": _BACKUPS, "key": name} for key, name in _KEYS.items()}
    environment = {"AWS_DEFAULT_REGION": backup.region}
    configuration: dict[str, Any] = {
        "destinationPath": backup.destination,
        "s3Credentials": keys if backup.access_key_id else {"inheritFromIAMRole": True},
        "wal": {"compression": "gzip"},
        "data": {"compression": "gzip"},
    }
    if backup.endpoint:
        configuration["endpointURL"] = backup.endpoint
        # Stores other than AWS may refuse the checksums that newer clients send unasked.
        environment |= dict.fromkeys(
            ("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"), "when_required"
        )
    return {
        "configuration": configuration,
        "retentionPolicy": backup.retention,
        "instanceSidecarConfiguration": {
            "env": [{"name": name, "value": value} for name, value in sorted(environment.items())]
        },
    }


class DatabaseCluster(pulumi.ComponentResource):
    """There when every instance is ready."""

    def __init__(self, name: str, args: DatabaseClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:data:DatabaseCluster", name, None, opts)
        kept = ResourceOptions(parent=self, protect=args.settings.keep, depends_on=list(args.operator))
        below = self._backup_store(args, args.cluster.backup, kept) if args.cluster.backup else []
        cluster = k8s.apiextensions.CustomResource(
            name,
            api_version=_API,
            kind="Cluster",
            metadata={
                "name": args.cluster.name,
                "namespace": args.namespace,
                "annotations": {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "900"},
            },
            spec=cluster_spec(args),
            opts=ResourceOptions.merge(kept, ResourceOptions(depends_on=below)),
        )
        if args.cluster.backup:
            self._schedule(args, args.cluster.backup, cluster, kept)
        self.register_outputs({})

    def _backup_store(self, args: DatabaseClusterArgs, backup: s.Backup, kept: ResourceOptions) -> list[Resource]:
        secret: list[Resource] = []
        if backup.access_key_id and backup.secret_access_key:
            values = (backup.access_key_id, Output.secret(backup.secret_access_key.get_secret_value()))
            # Not protected, and referred to by its plain name: other keys replace it, and must replace nothing else.
            own = k8s.core.v1.Secret(
                _BACKUPS,
                metadata={"name": _BACKUPS, "namespace": args.namespace},
                string_data=dict(zip(_KEYS.values(), values, strict=True)),
                opts=ResourceOptions(parent=self),
            )
            secret = [own]
        store = k8s.apiextensions.CustomResource(
            f"{_BACKUPS}-store",
            api_version=_PLUGIN_API,
            kind="ObjectStore",
            metadata={"name": _BACKUPS, "namespace": args.namespace},
            spec=store_spec(backup),
            opts=ResourceOptions.merge(kept, ResourceOptions(depends_on=secret)),
        )
        return [store]

    def _schedule(self, args: DatabaseClusterArgs, backup: s.Backup, cluster: Resource, kept: ResourceOptions) -> None:
        k8s.apiextensions.CustomResource(
            f"{_BACKUPS}-schedule",
            api_version=_API,
            kind="ScheduledBackup",
            # One for each cluster: what it points at cannot be changed.
            metadata={"name": args.cluster.name, "namespace": args.namespace},
            spec={
                "cluster": {"name": args.cluster.name},
                "schedule": backup.schedule,
                # The first base backup now: until there is one, the log alone brings nothing back.
                "immediate": True,
                "backupOwnerReference": "cluster",
                "method": "plugin",
                "pluginConfiguration": {"name": PLUGIN},
            },
            opts=ResourceOptions.merge(kept, ResourceOptions(depends_on=[cluster])),
        )
