"""KEDA: autoscalers on what Prometheus answers, in place of prometheus-adapter."""

from typing import Any

from components.kubernetes.hardening import Hardening, resources
from components.kubernetes.placement import ONE_AT_A_TIME
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import prometheus

_IMAGES = {"keda": "keda", "metricsApiServer": "keda-metrics-apiserver", "webhooks": "keda-admission-webhooks"}


def values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    def image(name: str) -> dict[str, str]:
        named = images.in_chart(f"ghcr.io/kedacore/{name}", version)
        registry, _, repository = named["repository"].partition("/")
        return {**named, "registry": registry, "repository": repository}

    budget = ONE_AT_A_TIME if hardening.several else {}
    own = resources("20m", "64Mi", "512Mi", cpu_limit=None)
    return {
        "image": {**{key: image(name) for key, name in _IMAGES.items()}, "pullPolicy": "IfNotPresent"},
        "operator": {"replicaCount": hardening.replicas},
        "metricsServer": {"replicaCount": hardening.replicas},
        "webhooks": {"replicaCount": hardening.replicas},
        "podDisruptionBudget": {"operator": budget, "metricServer": budget, "webhooks": budget},
        "topologySpreadConstraints": {
            "operator": hardening.spread({"app": "keda-operator"}),
            "metricsServer": hardening.spread({"app": "keda-operator-metrics-apiserver"}),
            "webhooks": hardening.spread({"app": "keda-admission-webhooks"}),
        },
        "priorityClassName": hardening.priority,
        "resources": {"operator": own, "metricServer": own, "webhooks": own},
    }


class Keda(PlatformPart):
    part = prometheus.KEDA

    def install(self) -> None:
        context = self.args.context
        self.release("keda", values(context.images, context.charts.app_version("keda"), self.args.hardening))
