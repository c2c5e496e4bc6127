"""Helm releases: a pin, the values that Slipway sets, and the stack's overrides merged over both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, ResourceOptions

from components.settings.versions import CHARTS, Chart

Values = Mapping[str, Any]


def merged(base: Values, over: Values) -> dict[str, Any]:
    """`over` laid on `base`: mappings key by key, anything else (lists too) replaced whole, as Helm merges values."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


@dataclass(frozen=True, kw_only=True)
class ChartOverride:
    """What a stack changes in one chart; None keeps the pin."""

    chart: str | None = None
    repository: str | None = None
    version: str | None = None
    timeout: int | None = None
    values: Values = field(default_factory=dict)

    def over(self, pin: Chart) -> Chart:
        """The pin with this override. A chart named by the stack comes without the pin's repository."""
        return Chart(
            chart=self.chart or pin.chart,
            version=self.version or pin.version,
            repository=self.repository if self.chart else self.repository or pin.repository,
        )


@dataclass(frozen=True, kw_only=True)
class Charts:
    """The charts of one stack; `overrides` by the keys of `versions.CHARTS`."""

    overrides: Mapping[str, ChartOverride] = field(default_factory=dict)
    # An `oci://` folder that holds every chart under its name.
    mirror: str | None = None
    # Pulling the images of a platform over a slow line takes longer than Helm's five minutes.
    timeout: int = 900

    def version(self, key: str) -> str:
        """The version of chart `key` on this stack."""
        return self._source(key).version

    def app_version(self, key: str) -> str | None:
        """The tag of the images that chart `key` brings; None when the stack has another version of the chart."""
        version = self.version(key)
        return (CHARTS[key].ships or version) if version == CHARTS[key].version else None

    def _source(self, key: str) -> Chart:
        override = self.overrides.get(key, ChartOverride())
        source = override.over(CHARTS[key])
        if not self.mirror or override.chart or override.repository:
            return source
        return Chart(chart=f"{self.mirror}/{source.chart.rpartition('/')[2]}", version=source.version)

    def release(
        self,
        key: str,
        *,
        release: str,
        namespace: Input[str],
        values: Values,
        opts: ResourceOptions,
    ) -> k8s.helm.v3.Release:
        """Declare the release of chart `key` under the Helm name `release`, and wait for it."""
        override, source = self.overrides.get(key, ChartOverride()), self._source(key)
        return k8s.helm.v3.Release(
            key,
            name=release,
            namespace=namespace,
            chart=source.chart,
            version=source.version,
            repository_opts={"repo": source.repository} if source.repository else None,
            values=merged(values, override.values),
            timeout=override.timeout or self.timeout,
            cleanup_on_fail=True,
            opts=opts,
        )


def namespace(name: str, opts: ResourceOptions, labels: Mapping[str, str] | None = None) -> pulumi.Output[str]:
    """Declare a namespace and return its name, so that what is put there waits for it."""
    return k8s.core.v1.Namespace(name, metadata={"name": name, "labels": dict(labels or {})}, opts=opts).metadata[
        "name"
    ]
