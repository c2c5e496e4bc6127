"""Helm charts: the pins, and what a stack changes in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from components.settings.chart_references import ChartName, ChartRepository, ChartVersion
from components.settings.merge import Values
from components.settings.section import Positive, Section
from components.settings.versions import CHARTS, Chart


class ChartOverride(Section):
    """Overrides of one chart, over the pin and the values that Slipway sets."""

    chart: ChartName | None = Field(None, description="Another chart: a name, an oci:// reference or a local path.")
    repository: ChartRepository | None = None
    version: ChartVersion | None = None
    timeout_seconds: Positive | None = None
    values: dict[str, Any] = Field(default_factory=dict)

    def over(self, pin: Chart) -> Chart:
        """The pin with this override. A chart named by the stack comes without the pin's repository."""
        return Chart(
            chart=self.chart or pin.chart,
            version=self.version or pin.version,
            repository=self.repository if self.chart else self.repository or pin.repository,
        )


NO_OVERRIDE = ChartOverride()


@dataclass(frozen=True, kw_only=True)
class ChartSources:
    """The charts of one stack; `overrides` by the keys of `versions.CHARTS`."""

    overrides: Mapping[str, ChartOverride] = field(default_factory=dict)
    # An `oci://` folder that holds every chart under its name.
    mirror: str | None = None

    def __getitem__(self, key: str) -> Chart:
        override = self.overrides.get(key, NO_OVERRIDE)
        source = override.over(CHARTS[key])
        if not self.mirror or override.chart or override.repository:
            return source
        return Chart(chart=f"{self.mirror}/{source.chart.rpartition('/')[2]}", version=source.version)

    def version(self, key: str) -> str:
        """The version of chart `key` on this stack, with a `v` where its images' tags have one, as the pin has.

        Helm finds the chart with and without it, so a stack may write either.
        """
        bare = self[key].version.removeprefix("v")
        return f"v{bare}" if CHARTS[key].version.startswith("v") else bare

    def app_version(self, key: str) -> str | None:
        """The tag of the images that chart `key` brings; None when the stack has another version of the chart."""
        version = self.version(key)
        return (CHARTS[key].ships or version) if version == CHARTS[key].version else None

    def values(self, key: str) -> Values:
        """The values that the stack lays over Slipway's."""
        return self.overrides.get(key, NO_OVERRIDE).values

    def timeout(self, key: str) -> int | None:
        """Seconds that the stack gives the chart's release."""
        return self.overrides.get(key, NO_OVERRIDE).timeout_seconds
