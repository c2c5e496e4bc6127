"""metrics-server: the cpu and memory that the HPA reads."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ResourceOptions

from components.platform.charts import Charts
from components.platform.hardening import Hardening, resources
from components.settings.images import Images
from components.settings.parts.metrics_server import NAMESPACE


@dataclass(frozen=True, kw_only=True)
class MetricsArgs:
    charts: Charts
    images: Images
    hardening: Hardening


def values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    return {
        "image": images.in_chart("registry.k8s.io/metrics-server/metrics-server", version),
        "replicas": hardening.replicas,
        "podDisruptionBudget": hardening.budget(),
        "topologySpreadConstraints": hardening.spread({"app.kubernetes.io/name": "metrics-server"}),
        "resources": resources("20m", "64Mi", "512Mi"),
    }


class Metrics(pulumi.ComponentResource):
    def __init__(self, name: str, args: MetricsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Metrics", name, None, opts)
        args.charts.release(
            "metrics-server",
            release="metrics-server",
            namespace=NAMESPACE.name,
            values=values(args.images, args.charts.app_version("metrics-server"), args.hardening),
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
