"""metrics-server: the cpu and memory that the HPA reads."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ResourceOptions

from components.charts import Charts
from components.images import Images

# A system service: it belongs where the kubelet's other clients are, and needs no namespace of its own.
NAMESPACE = "kube-system"


@dataclass(frozen=True, kw_only=True)
class MetricsArgs:
    charts: Charts
    images: Images


def values(images: Images) -> dict[str, Any]:
    return {
        "image": {"repository": images.rewrite("registry.k8s.io/metrics-server/metrics-server")},
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
    }


class Metrics(pulumi.ComponentResource):
    def __init__(self, name: str, args: MetricsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Metrics", name, None, opts)
        args.charts.release(
            "metrics-server",
            release="metrics-server",
            namespace=NAMESPACE,
            values=values(args.images),
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
