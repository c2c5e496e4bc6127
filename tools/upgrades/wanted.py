"""The versions that a stack asks for: the pins, and the stack file's word over them."""

from components.settings import Settings
from components.settings.versions import CHARTS, KNATIVE_SERVING
from tools.upgrades.versions import Version, of_image

# The chart keys that come with each part of the platform.
CHARTS_OF = {
    "certificates": ("cert-manager",),
    "mesh": ("istio-base", "istiod", "istio-gateway"),
    "serverless": ("knative-operator",),
    "serving": ("kserve-crd", "kserve-resources"),
    "metrics_server": ("metrics-server",),
}


def wanted(settings: Settings) -> dict[str, Version]:
    """By the keys of `components.settings.versions`; only what the stack installs."""
    charts, images = settings.chart_sources, settings.image_references
    parts = [part for part in CHARTS_OF if getattr(settings.platform, part) == "install"]
    found = {key: charts.version(key) for part in parts for key in CHARTS_OF[part] if key in CHARTS}
    if "serverless" in parts:
        found["knative-serving"] = str(settings.knative_serving.get("version", KNATIVE_SERVING))
    versions = {key: Version.parse(text) for key, text in found.items()}
    for key in ("mlflow", *(() if settings.database.url else ("postgres",))):
        if version := of_image(images[key]):
            versions[key] = version
    return versions
