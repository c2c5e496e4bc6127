"""CloudNativePG, which runs PostgreSQL clusters, and its plugin for backups to S3."""

from typing import Any

from components.kubernetes.hardening import Hardening, resources
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import cert_manager, cloudnative_pg


def operator_values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    return {
        "image": images.in_chart("ghcr.io/cloudnative-pg/cloudnative-pg", version),
        "replicaCount": hardening.replicas,
        "topologySpreadConstraints": hardening.spread(cloudnative_pg.LABELS),
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


class CloudNativePg(PlatformPart):
    part = cloudnative_pg.PART

    def install(self) -> None:
        context, hardening = self.args.context, self.args.hardening
        images, charts = context.images, context.charts
        operator = self.release(
            "cloudnative-pg", operator_values(images, charts.app_version("cloudnative-pg"), hardening)
        )
        if "plugin-barman-cloud" in self.part.charts_of(context.settings):
            self.release(
                "plugin-barman-cloud",
                # A cluster finds the plugin by its Service beside the operator.
                plugin_values(images, charts.app_version("plugin-barman-cloud"), hardening),
                after=[operator, *self.args.usable(cert_manager.PART)],
            )
