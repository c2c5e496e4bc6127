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
