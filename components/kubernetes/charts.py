"""Helm releases: a pin, the values that Slipway sets, and the stack's overrides merged over both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pulumi
import pulumi_kubernetes as k8s
import yaml
from pulumi import Input, ResourceOptions, StringAsset

from components.settings import Settings
from components.settings.charts import ChartSources
from components.settings.merge import Values, merged, removed, without_nulls

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
        postrender: str | None = None,
    ) -> k8s.helm.v3.Release:
        """Declare the release of chart `key` under the Helm name `release`, and wait for it.

        `postrender` is a program of the project that the manifests go through.
        """
        source, laid = self[key], merged(values, self.values(key))
        nulls = removed(laid)
        return k8s.helm.v3.Release(
            key,
            name=release,
            namespace=namespace,
            chart=source.chart,
            version=source.version,
            repository_opts={"repo": source.repository} if source.repository else None,
            values=without_nulls(laid),
            # The SDK and the provider drop every null of `values`, and with it the wish to have a default away.
            value_yaml_files=[StringAsset(yaml.safe_dump(nulls))] if nulls else None,
            allow_null_values=True if nulls else None,
            postrender=postrender,
            timeout=self.timeout(key) or _TIMEOUT,
            cleanup_on_fail=True,
            opts=opts,
        )


def namespace(
    name: str, opts: ResourceOptions, labels: Mapping[str, str] | None = None, *, protect: bool = False
) -> pulumi.Output[str]:
    """Declare a namespace and return its name, so that what is put there waits for it."""
    own = ResourceOptions.merge(opts, ResourceOptions(protect=protect or None))
    return k8s.core.v1.Namespace(name, metadata={"name": name, "labels": dict(labels or {})}, opts=own).metadata["name"]
