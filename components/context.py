"""What the components of a stack have in common: its settings, charts and images, its cluster and its folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from components.cluster.cluster import Cluster, ingress_address
from components.kubernetes.charts import Charts
from components.settings import Settings
from components.settings.images import Images


@dataclass(frozen=True, kw_only=True)
class Context:
    """Handed to every component, which takes from it what it needs."""

    settings: Settings
    cluster: Cluster
    # Of this stack's own files, relative to the project.
    folder: Path

    @cached_property
    def charts(self) -> Charts:
        return Charts.of(self.settings)

    @cached_property
    def images(self) -> Images:
        return self.settings.image_references

    @property
    def ingress_address(self) -> str | None:
        """host:port at which this machine reaches the gateway; None where only the hosts' own names do."""
        return ingress_address(self.settings.cluster, self.settings.ingress)

    @property
    def dashboards_url(self) -> str | None:
        """Where people find Grafana; None where the stack has none."""
        host = self.settings.dashboards_host
        scheme, usual = ("https", "443") if self.settings.ingress.tls else ("http", "80")
        port = (self.ingress_address or "").partition(":")[2]
        return f"{scheme}://{host}{f':{port}' if port not in ('', usual) else ''}" if host else None
