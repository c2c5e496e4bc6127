"""Prometheus, which measures what the models' queries ask for, and what dashboards and alerts read."""

from typing import Any

from components import settings as s
from components.kubernetes import pods
from components.kubernetes.hardening import RUNTIME_DEFAULT, Hardening, resources
from components.kubernetes.network_policies import POSTGRES_METRICS
from components.monitoring import alerts
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.merge import merged
from components.settings.parts import knative, prometheus

URL = f"http://prometheus-server.{prometheus.NAMESPACE.name}.svc"
_SCRAPE = "15s"

# Jobs of the chart that no query of a model needs: cpu and memory come from metrics-server, and cAdvisor's series would
# be most of the memory.
_UNUSED_JOBS = ("kubernetes-api-servers", "kubernetes-nodes", "kubernetes-nodes-cadvisor")
_UNUSED_PARTS = ("alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway")
# KServe gives a model's Service the annotations of its pods, which are read already.
_SERVICES = "kubernetes-service-endpoints"
_MODELS_ONCE = {
    "metric_relabel_configs": [
        {"action": "drop", "source_labels": ["serving_kserve_io_inferenceservice"], "regex": ".+"}
    ]
}
# What dashboards and alerts read of them.
_OF_NODES = {
    "kubernetes-nodes": "kubelet_volume_stats_(available|capacity)_bytes",
    "kubernetes-nodes-cadvisor": "container_(cpu_usage_seconds_total|memory_working_set_bytes)",
}
_OF_OBJECTS = ["deployments", "horizontalpodautoscalers", "jobs", "pods"]
# Longer than the longest window of an alert.
_KEPT = "10d"
# Of Knative's controllers.
_KNATIVE_METRICS = 9090


def values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
    return {
        **{part: {"enabled": False} for part in _UNUSED_PARTS},
        # The configuration changes only with the release.
        "configmapReload": {"prometheus": {"enabled": False}},
        "scrapeConfigs": {**{job: {"enabled": False} for job in _UNUSED_JOBS}, _SERVICES: _MODELS_ONCE},
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


def watching(settings: s.Settings, images: Images, hardening: Hardening) -> dict[str, Any]:
    """The values besides, where there are dashboards and alerts."""
    reloader = images.in_chart("quay.io/prometheus-operator/prometheus-config-reloader", None)
    objects = images.in_chart("registry.k8s.io/kube-state-metrics/kube-state-metrics", None)
    registry, _, repository = objects["repository"].partition("/")
    return {
        "kube-state-metrics": {
            "enabled": True,
            "image": {"registry": registry, "repository": repository},
            "collectors": _OF_OBJECTS,
            "priorityClassName": hardening.priority,
            "resources": resources("10m", "64Mi", "256Mi"),
        },
        # Rules change with every model, and a restart would be a gap in what they count.
        "configmapReload": {
            "prometheus": {
                "enabled": True,
                "image": {"repository": reloader["repository"]},
                "containerSecurityContext": pods.CONTAINER,
                "resources": resources("10m", "32Mi", "64Mi"),
            }
        },
        "scrapeConfigs": {
            **{job: _keeping(series) for job, series in _OF_NODES.items()},
            "slipway-ports": _by_port(settings),
        },
        "serverFiles": {
            "recording_rules.yml": {"groups": alerts.recording(settings)},
            "alerting_rules.yml": {"groups": alerts.alerting(settings)},
        },
        "server": {"retention": _KEPT, "persistentVolume": {"enabled": True, "size": "10Gi"}},
    }


def _keeping(series: str) -> dict[str, Any]:
    keep = {"action": "keep", "source_labels": ["__name__"], "regex": series}
    return {"enabled": True, "metric_relabel_configs": [keep]}


def _by_port(settings: s.Settings) -> dict[str, Any]:
    """A job for the pods that serve metrics and have no annotation that says so."""
    ports = {knative.NAMESPACE.name: _KNATIVE_METRICS, settings.namespaces.data: POSTGRES_METRICS}
    told = ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_container_port_number"]
    return {
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": list(ports)}}],
        "relabel_configs": [
            {
                "action": "keep",
                "source_labels": told,
                "regex": "|".join(f"{name};{port}" for name, port in ports.items()),
            },
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        ],
    }


class Prometheus(PlatformPart):
    part = prometheus.PART

    def install(self) -> None:
        context, hardening = self.args.context, self.args.hardening
        given = values(context.images, context.charts.app_version("prometheus"), hardening)
        if context.settings.platform.dashboards == "install":
            given = merged(given, watching(context.settings, context.images, hardening))
        self.release("prometheus", given)
