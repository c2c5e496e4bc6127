"""The parts that serving stands on, each installed only where the stack says so."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components.context import Context
from components.kubernetes import namespaces
from components.platform.cert_manager import CertManager
from components.platform.cloudnative_pg import CloudNativePg
from components.platform.grafana import Grafana
from components.platform.istio import Istio
from components.platform.keda import Keda
from components.platform.knative import Knative
from components.platform.kserve import KServe
from components.platform.metrics_server import MetricsServer
from components.platform.part import PartArgs, PlatformPart
from components.platform.prometheus import Prometheus
from components.platform.prometheus_adapter import PrometheusAdapter
from components.settings import parts
from components.settings.parts.part import Part

PRIORITY_CLASS = "slipway-platform"

# Each after those that it waits for.
_COMPONENTS: tuple[type[PlatformPart], ...] = (
    MetricsServer,
    Prometheus,
    PrometheusAdapter,
    Keda,
    Grafana,
    CertManager,
    CloudNativePg,
    Istio,
    Knative,
    KServe,
)


def _priority(opts: ResourceOptions) -> Output[str]:
    """A class above every model's, so that a full cluster does not put the platform out.

    Not system-cluster-critical: some clouds allow that one in their own namespaces alone.
    """
    return k8s.scheduling.v1.PriorityClass(
        PRIORITY_CLASS,
        metadata={"name": PRIORITY_CLASS},
        value=1_000_000,
        description="The platform that the models stand on.",
        opts=opts,
    ).metadata["name"]


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    context: Context


class Platform(pulumi.ComponentResource):
    """`installed` are the parts that the stack installs, by setting."""

    installed: Mapping[str, PlatformPart]
    _places: Mapping[str, Output[str]]

    def __init__(self, name: str, args: PlatformArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Platform", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        wanted = [part for part in parts.PARTS if part.installed(context.settings)]
        hardening = namespaces.of_platform(context.settings)
        if wanted:
            hardening = replace(hardening, priority=_priority(child))
        self._places = {
            place.name: namespaces.declare(namespaces.of_part(place, hardening), child)
            for place in dict.fromkeys(place for part in wanted for place in part.namespaces)
            if not place.shared
        }
        installed: dict[str, PlatformPart] = {}
        for component in _COMPONENTS:
            if component.part in wanted:
                setting = component.part.setting
                installed[setting] = component(
                    setting.replace("_", "-"),
                    PartArgs(context=context, hardening=hardening, namespaces=self._places, below=installed),
                    child,
                )
        self.installed = installed
        self.register_outputs({})

    def namespace(self, name: str) -> Output[str]:
        """The name of a namespace; known when it is declared, where it is one of the platform's."""
        return self._places.get(name) or Output.from_input(name)

    @property
    def dashboards_password(self) -> Output[str] | None:
        """Of Grafana's administrator; None where the stack has none."""
        found = self.installed.get(Grafana.part.setting)
        return found.password if isinstance(found, Grafana) else None

    def ready(self, *wanted: Part) -> list[Resource]:
        """What waits for the parts waits for these; nothing for parts that the stack does not install."""
        return [self.installed[part.setting] for part in wanted if part.setting in self.installed]
