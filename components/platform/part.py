"""A part of the platform as a component: its charts in its namespaces, after the parts that it stands on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, Resource, ResourceOptions

from components.context import Context
from components.dynamic.crd_cleanup import CrdCleanup, CrdCleanupArgs
from components.kubernetes.hardening import Hardening
from components.settings.merge import Values
from components.settings.parts.part import Part, PartNamespace


@dataclass(frozen=True, kw_only=True)
class PartArgs:
    context: Context
    hardening: Hardening
    # The names of the parts' namespaces, known when they are declared: what is put there waits for them.
    namespaces: Mapping[str, Output[str]]
    # What the stack has installed so far, by setting.
    below: Mapping[str, "PlatformPart"]

    def namespace(self, wanted: PartNamespace) -> Input[str]:
        return wanted.name if wanted.shared else self.namespaces[wanted.name]

    def usable(self, *parts: Part) -> list[Resource]:
        """What to wait for of other parts; nothing of those that the stack does not install."""
        return [each for part in parts if part.setting in self.below for each in self.below[part.setting].usable]


class PlatformPart(pulumi.ComponentResource):
    """Base of the parts: each names its declaration, and installs it."""

    part: ClassVar[Part]
    # What other parts wait for: all of it, unless a part says that less is enough.
    usable: Sequence[Resource]

    def __init__(self, name: str, args: PartArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(f"slipway:platform:{type(self).__name__}", name, None, opts)
        self.args, self.usable = args, (self,)
        self._cleanup = self._cleaned_up(name)
        self.install()
        self.register_outputs({})

    @property
    def protect(self) -> bool:
        """Whether data that is to be kept goes with the part."""
        return False

    def install(self) -> None:
        """Declare the part's releases, and what its charts do not bring."""
        raise NotImplementedError

    def release(
        self,
        chart: str,
        values: Values,
        *,
        name: str | None = None,
        namespace: PartNamespace | None = None,
        after: Sequence[Resource] = (),
        postrender: str | None = None,
    ) -> k8s.helm.v3.Release:
        """Declare a release of a chart, by its key; named like the chart, and in the part's first namespace."""
        return self.args.context.charts.release(
            chart,
            release=name or chart,
            namespace=self.args.namespace(namespace or self.part.namespaces[0]),
            values=values,
            postrender=postrender,
            opts=ResourceOptions(parent=self, depends_on=[*self._cleanup, *after], protect=self.protect or None),
        )

    def _cleaned_up(self, name: str) -> list[Resource]:
        """What removes, after the charts, the CRDs that outlive them."""
        if not self.part.crd_groups:
            return []
        cleanup = CrdCleanupArgs(
            groups=self.part.crd_groups,
            namespace=self.args.namespace(self.part.namespaces[0]),
            config_maps=self.part.config_maps,
            connection=self.args.context.cluster.connection,
        )
        return [CrdCleanup(f"{name}-crd-cleanup", cleanup, ResourceOptions(parent=self, protect=self.protect or None))]
