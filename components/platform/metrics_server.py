"""metrics-server: the cpu and memory that the HPA reads."""

from typing import Any

from components.kubernetes.hardening import Hardening, resources
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import metrics_server


def values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    return {
        "image": images.in_chart("registry.k8s.io/metrics-server/metrics-server", version),
        "replicas": hardening.replicas,
        "podDisruptionBudget": hardening.budget(),
        "topologySpreadConstraints": hardening.spread({"app.kubernetes.io/name": "metrics-server"}),
        "resources": resources("20m", "64Mi", "512Mi"),
    }


class MetricsServer(PlatformPart):
    part = metrics_server.PART

    def install(self) -> None:
        context = self.args.context
        version = context.charts.app_version("metrics-server")
        self.release("metrics-server", values(context.images, version, self.args.hardening))
