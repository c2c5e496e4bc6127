"""CloudNativePG, which runs PostgreSQL clusters, and its plugin for backups to S3."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Resource, ResourceOptions

from components import settings as s
from components.charts import Charts, namespace
from components.images import Images

NAMESPACE = "cnpg-system"
# Both charts keep their CustomResourceDefinitions when they are uninstalled, because with one go all its objects.
CRDS = (
    "backups.postgresql.cnpg.io",
    "clusterimagecatalogs.postgresql.cnpg.io",
    "clusters.postgresql.cnpg.io",
    "databaseroles.postgresql.cnpg.io",
    "databases.postgresql.cnpg.io",
    "failoverquorums.postgresql.cnpg.io",
    "imagecatalogs.postgresql.cnpg.io",
    "objectstores.barmancloud.cnpg.io",
    "poolers.postgresql.cnpg.io",
    "publications.postgresql.cnpg.io",
    "scheduledbackups.postgresql.cnpg.io",
    "subscriptions.postgresql.cnpg.io",
)


@dataclass(frozen=True, kw_only=True)
class DatabaseOperatorArgs:
    charts: Charts
    images: Images
    cluster: s.CloudNativePg
    # What issues the plugin's certificates; empty where it is there already.
    certificates: Sequence[Resource]


def operator_values(images: Images) -> dict[str, Any]:
    return {
        "image": {"repository": images.rewrite("ghcr.io/cloudnative-pg/cloudnative-pg")},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
    }


def plugin_values(images: Images) -> dict[str, Any]:
    def image(name: str) -> dict[str, str]:
        registry, _, repository = images.rewrite(f"ghcr.io/cloudnative-pg/{name}").partition("/")
        return {"registry": registry, "repository": repository}

    return {
        "image": image("plugin-barman-cloud"),
        "sidecarImage": image("plugin-barman-cloud-sidecar"),
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }


class DatabaseOperator(pulumi.ComponentResource):
    """`parts` is what a cluster waits for."""

    parts: tuple[Resource, ...]

    def __init__(self, name: str, args: DatabaseOperatorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:DatabaseOperator", name, None, opts)
        child = ResourceOptions(parent=self)
        system = namespace(NAMESPACE, child)
        operator = args.charts.release(
            "cloudnative-pg",
            release="cloudnative-pg",
            namespace=system,
            values=operator_values(args.images),
            opts=child,
        )
        self.parts = (operator,)
        if args.cluster.backup:
            plugin = args.charts.release(
                "plugin-barman-cloud",
                release="plugin-barman-cloud",
                namespace=system,
                values=plugin_values(args.images),
                # A cluster finds the plugin by its Service beside the operator.
                opts=ResourceOptions(parent=self, depends_on=[operator, *args.certificates]),
            )
            self.parts = (operator, plugin)
        self.register_outputs({})
