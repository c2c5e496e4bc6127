"""Grafana, with the dashboards of the stack."""

from components.settings.parts import prometheus
from components.settings.parts.part import Part

PART = Part(setting="dashboards", title="Grafana", charts=("grafana",), namespaces=(prometheus.NAMESPACE,))
