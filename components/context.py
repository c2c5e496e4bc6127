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
