"""The versions that a stack asks for: the pins, and the stack file's word over them."""

from components.settings import Settings, parts
from components.settings.parts import knative
from components.settings.serving_version import exact, is_carried
from components.settings.versions import KNATIVE_SERVING
from tools.upgrades.versions import CLUSTERED, Version, clustered, of_image


def wanted(settings: Settings) -> dict[str, Version]:
    """By the keys of `components.settings.versions`; only what the stack installs."""
    charts, images, database = settings.chart_sources, settings.image_references, settings.database
    found = {key: charts.version(key) for part in parts.PARTS for key in part.charts_of(settings)}
    if knative.PART.installed(settings):
        serving = str(settings.knative_serving.get("version", KNATIVE_SERVING))
        found[knative.PART.version_of] = exact(serving) if is_carried(serving) else serving
    versions = {key: Version.parse(text) for key, text in found.items()}
    for key in ("mlflow", *(() if database.url or database.cloud_native_pg else ("postgres",))):
        if version := of_image(images[key]):
            versions[key] = version
    if (cluster := database.cloud_native_pg) and (version := of_image(images[CLUSTERED])):
        versions[clustered(cluster.name)] = version
    return versions
