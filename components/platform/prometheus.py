"""Prometheus and its adapter: the metrics of the models' queries, where the HPA reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ResourceOptions

from components.kubernetes import pods
from components.kubernetes.namespaces import declare, of_part
from components.platform.charts import Charts
from components.platform.hardening import RUNTIME_DEFAULT, Hardening, resources
from components.settings.adapter_rules import Api
from components.settings.images import Images
from components.settings.parts.prometheus import NAMESPACE

PROMETHEUS_URL = f"http://prometheus-server.{NAMESPACE.name}.svc"

_SCRAPE = "15s"
# A metric whose series was not scraped since the last listing is gone from the API, so this is more than _SCRAPE.
_LISTING = "30s"

# Jobs of the chart that no query of a model needs: cpu and memory come from metrics-server, and cAdvisor's series would
# be most of the memory.
_UNUSED_JOBS = ("kubernetes-api-servers", "kubernetes-nodes", "kubernetes-nodes-cadvisor")
_UNUSED_PARTS = ("alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway")


@dataclass(frozen=True, kw_only=True)
class CustomMetricsArgs:
    charts: Charts
    images: Images
    hardening: Hardening
    rules: Mapping[Api, list[dict[str, Any]]]
    # A Prometheus that is there; None installs one.
    prometheus_url: str | None


def prometheus_values(images: Images, version: str | None, hardening: Hardening) -> dict[str, Any]:
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


def adapter_values(
    images: Images,
    version: str | None,
    rules: Mapping[Api, list[dict[str, Any]]],
    prometheus_url: str | None,
    hardening: Hardening,
) -> dict[str, Any]:
    # The chart appends the port to the URL; its own default is not that of the Prometheus chart's Service.
    prometheus = {"url": prometheus_url, "port": 0} if prometheus_url else {"url": PROMETHEUS_URL, "port": 80}
    return {
        "image": images.in_chart("registry.k8s.io/prometheus-adapter/prometheus-adapter", version),
        "prometheus": prometheus,
        "metricsRelistInterval": _LISTING,
        "rules": {"default": False, **rules},
        "replicas": hardening.replicas,
        "podDisruptionBudget": hardening.budget(),
        "topologySpreadConstraints": hardening.spread({"app.kubernetes.io/name": "prometheus-adapter"}),
        "priorityClassName": hardening.priority,
        "resources": resources("20m", "64Mi", "512Mi"),
    }


class CustomMetrics(pulumi.ComponentResource):
    """The two start together: the adapter asks Prometheus again until it answers."""

    def __init__(self, name: str, args: CustomMetricsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:CustomMetrics", name, None, opts)
        child = ResourceOptions(parent=self)
        where = declare(of_part(NAMESPACE, args.hardening), child)
        if args.prometheus_url is None:
            args.charts.release(
                "prometheus",
                release="prometheus",
                namespace=where,
                values=prometheus_values(args.images, args.charts.app_version("prometheus"), args.hardening),
                opts=child,
            )
        args.charts.release(
            "prometheus-adapter",
            release="prometheus-adapter",
            namespace=where,
            values=adapter_values(
                args.images,
                args.charts.app_version("prometheus-adapter"),
                args.rules,
                args.prometheus_url,
                args.hardening,
            ),
            opts=child,
        )
        self.register_outputs({})
