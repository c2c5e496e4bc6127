"""CloudNativePG, which runs PostgreSQL clusters, and its plugin for backups to S3."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Resource, ResourceOptions

from components import settings as s
from components.cluster.connection import Connection
from components.dynamic.crd_cleanup import CrdCleanup, CrdCleanupArgs
from components.kubernetes.namespaces import declare, of_part
from components.platform.charts import Charts
from components.platform.hardening import Hardening, resources
from components.settings.images import Images
from components.settings.parts.cloudnative_pg import LABELS, NAMESPACE, PART


@dataclass(frozen=True, kw_only=True)
class DatabaseOperatorArgs:
    charts: Charts
    images: Images
    hardening: Hardening
    database: s.CloudNativePg
    # What issues the plugin's certificates; empty where it is there already.
    certificates: Sequence[Resource]
    connection: Connection


def operator_values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    return {
        "image": images.in_chart("ghcr.io/cloudnative-pg/cloudnative-pg", version),
        "replicaCount": hardening.replicas,
        "topologySpreadConstraints": hardening.spread(LABELS),
        "priorityClassName": hardening.priority,
        "resources": resources("10m", "64Mi", "512Mi"),
    }


def plugin_values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    def image(name: str) -> dict[str, str]:
        named = images.in_chart(f"ghcr.io/cloudnative-pg/{name}", version)
        registry, _, repository = named["repository"].partition("/")
        return {**named, "registry": registry, "repository": repository}

    return {
        "image": image("plugin-barman-cloud"),
        "sidecarImage": image("plugin-barman-cloud-sidecar"),
        "priorityClassName": hardening.priority,
        "resources": resources("10m", "64Mi", "256Mi"),
    }


class DatabaseOperator(pulumi.ComponentResource):
    """`parts` is what a cluster waits for."""

    parts: tuple[Resource, ...]

    def __init__(self, name: str, args: DatabaseOperatorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:DatabaseOperator", name, None, opts)
        child = ResourceOptions(parent=self)
        charts, images, hardening = args.charts, args.images, args.hardening
        system = declare(of_part(NAMESPACE, hardening), child)
        cleanup = CrdCleanup(
            "cloudnative-pg-crd-cleanup",
            CrdCleanupArgs(
                groups=PART.crd_groups,
                namespace=system,
                connection=args.connection,
            ),
            child,
        )
        operator = charts.release(
            "cloudnative-pg",
            release="cloudnative-pg",
            namespace=system,
            values=operator_values(images, charts.app_version("cloudnative-pg"), hardening),
            opts=ResourceOptions(parent=self, depends_on=[cleanup]),
        )
        self.parts = (operator,)
        if args.database.backup:
            plugin = charts.release(
                "plugin-barman-cloud",
                release="plugin-barman-cloud",
                namespace=system,
                values=plugin_values(images, charts.app_version("plugin-barman-cloud"), hardening),
                # A cluster finds the plugin by its Service beside the operator.
                opts=ResourceOptions(parent=self, depends_on=[operator, *args.certificates]),
            )
            self.parts = (operator, plugin)
        self.register_outputs({})
