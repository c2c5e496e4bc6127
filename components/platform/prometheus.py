"""Prometheus, which measures what the models' queries ask for."""

from typing import Any

from components.kubernetes import pods
from components.kubernetes.hardening import RUNTIME_DEFAULT, Hardening, resources
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import prometheus

URL = f"http://prometheus-server.{prometheus.NAMESPACE.name}.svc"
_SCRAPE = "15s"

# Jobs of the chart that no query of a model needs: cpu and memory come from metrics-server, and cAdvisor's series would
# be most of the memory.
_UNUSED_JOBS = ("kubernetes-api-servers", "kubernetes-nodes", "kubernetes-nodes-cadvisor")
_UNUSED_PARTS = ("alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway")


def values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    return {
        **{part: {"enabled": False} for part in _UNUSED_PARTS},
        # The configuration changes only with the release.
        "configmapReload": {"prometheus": {"enabled": False}},
        "scrapeConfigs": {job: {"enabled": False} for job in _UNUSED_JOBS},
        "server": {
            "image": images.in_chart("quay.io/prometheus/prometheus", version),
            "global": {"scrape_interval": _SCRAPE},
            "retention": "6h",
            "persistentVolume": {"enabled": False},
            # The data goes with the pod, so there is nothing to wait for.
            "terminationGracePeriodSeconds": 10,
            "resources": resources("50m", "128Mi", "1Gi"),
            "priorityClassName": hardening.priority,
            "securityContext": {"seccompProfile": RUNTIME_DEFAULT},
            "containerSecurityContext": pods.CONTAINER,
        },
    }


class Prometheus(PlatformPart):
    part = prometheus.PART

    def install(self) -> None:
        context = self.args.context
        version = context.charts.app_version("prometheus")
        self.release("prometheus", values(context.images, version, self.args.hardening))
