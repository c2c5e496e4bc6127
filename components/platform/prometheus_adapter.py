"""prometheus-adapter: Prometheus' answers to the models' queries, where the HPA reads them."""

from collections.abc import Mapping
from typing import Any

from components.kubernetes.hardening import Hardening, resources
from components.platform.part import PlatformPart
from components.platform.prometheus import URL
from components.settings import adapter_rules
from components.settings.adapter_rules import Api
from components.settings.images import Images
from components.settings.parts import prometheus

# A metric whose series was not scraped since the last listing is gone from the API, so this is more than the scrape
# interval of Prometheus.
_LISTING = "30s"


def values(
    images: Images,
    version: str | None,
    rules: Mapping[Api, list[dict[str, Any]]],
    prometheus_url: str | None,
    hardening: Hardening,
) -> dict[str, Any]:
    """Without a URL, the Prometheus of the stack is asked."""
    # The chart appends the port to the URL; its own default is not that of the Prometheus chart's Service.
    source = {"url": prometheus_url, "port": 0} if prometheus_url else {"url": URL, "port": 80}
    return {
        "image": images.in_chart("registry.k8s.io/prometheus-adapter/prometheus-adapter", version),
        "prometheus": source,
        "metricsRelistInterval": _LISTING,
        "rules": {"default": False, **rules},
        "replicas": hardening.replicas,
        "podDisruptionBudget": hardening.budget(),
        "topologySpreadConstraints": hardening.spread({"app.kubernetes.io/name": "prometheus-adapter"}),
        "priorityClassName": hardening.priority,
        "resources": resources("20m", "64Mi", "512Mi"),
    }


class PrometheusAdapter(PlatformPart):
    """It starts beside Prometheus, and asks again until that answers."""

    part = prometheus.ADAPTER

    def install(self) -> None:
        context, settings = self.args.context, self.args.context.settings
        self.release(
            "prometheus-adapter",
            values(
                context.images,
                context.charts.app_version("prometheus-adapter"),
                adapter_rules.rules(settings.models),
                None if prometheus.PART.installed(settings) else settings.platform.prometheus_url,
                self.args.hardening,
            ),
        )
