"""Helm releases: a pin, the values that Slipway sets, and the stack's overrides merged over both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, ResourceOptions

from components.settings import Settings
from components.settings.charts import ChartSources
from components.settings.merge import Values, merged

# Pulling the images of a platform over a slow line takes longer than Helm's five minutes.
_TIMEOUT = 900


@dataclass(frozen=True, kw_only=True)
class Charts(ChartSources):
    """The charts of one stack, and their releases."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(overrides=settings.charts, mirror=settings.chart_mirror)

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
        source = self[key]
        return k8s.helm.v3.Release(
            key,
            name=release,
            namespace=namespace,
            chart=source.chart,
            version=source.version,
            repository_opts={"repo": source.repository} if source.repository else None,
            values=merged(values, self.values(key)),
            timeout=self.timeout(key) or _TIMEOUT,
            cleanup_on_fail=True,
            opts=opts,
        )


def namespace(name: str, opts: ResourceOptions, labels: Mapping[str, str] | None = None) -> pulumi.Output[str]:
    """Declare a namespace and return its name, so that what is put there waits for it."""
    return k8s.core.v1.Namespace(name, metadata={"name": name, "labels": dict(labels or {})}, opts=opts).metadata[
        "name"
    ]
