"""The parts of the platform. To add one, declare it in a file of its own and name it here."""

from components.settings.parts import (
    cert_manager,
    cloudnative_pg,
    grafana,
    istio,
    knative,
    kserve,
    metrics_server,
    prometheus,
)
from components.settings.parts.part import Part
from components.settings.stack import Settings

PARTS: tuple[Part, ...] = (
    cert_manager.PART,
    istio.PART,
    istio.CNI,
    knative.PART,
    kserve.PART,
    metrics_server.PART,
    prometheus.PART,
    prometheus.ADAPTER,
    prometheus.KEDA,
    grafana.PART,
    cloudnative_pg.PART,
)


def own_namespaces(settings: Settings) -> set[str]:
    """The namespaces that the installed parts have for themselves: what is shared holds others' pods too."""
    every = [place for part in PARTS if part.installed(settings) for place in part.namespaces]
    return {place.name for place in every} - {place.name for place in every if place.shared}
