"""The parts that serving stands on, each installed only where the stack says so."""

from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Output, Resource, ResourceOptions

from components import settings as s
from components.cluster.connection import Connection
from components.platform.cert_manager import Certificates, CertificatesArgs
from components.platform.charts import Charts
from components.platform.cloudnative_pg import DatabaseOperator, DatabaseOperatorArgs
from components.platform.hardening import Hardening
from components.platform.istio import Mesh, MeshArgs
from components.platform.knative import Serverless, ServerlessArgs
from components.platform.kserve import Serving, ServingArgs
from components.platform.metrics_server import Metrics, MetricsArgs
from components.platform.prometheus import CustomMetrics, CustomMetricsArgs
from components.settings import adapter_rules
from components.settings.images import Images
from components.settings.parts import (
    PARTS,
    cert_manager,
    cloudnative_pg,
    istio,
    knative,
    kserve,
    metrics_server,
    prometheus,
)

PRIORITY_CLASS = "slipway-platform"


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    settings: s.Settings
    charts: Charts
    images: Images
    hardening: Hardening
    local_registries: tuple[str, ...]
    connection: Connection


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


class Platform(pulumi.ComponentResource):
    """What a user of the gateway, of cert-manager or of KServe waits for; empty where it is there already."""

    gateway: tuple[Resource, ...]
    certificates: tuple[Resource, ...]
    serving: tuple[Resource, ...]
    # What a CloudNativePG cluster waits for.
    database: tuple[Resource, ...]

    def __init__(self, name: str, args: PlatformArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Platform", name, None, opts)
        settings, charts, images, child = args.settings, args.charts, args.images, ResourceOptions(parent=self)
        below: list[Resource] = []
        self.gateway = self.certificates = self.serving = self.database = ()
        istiod: tuple[Resource, ...] = ()
        hardening = (
            replace(args.hardening, priority=_priority(child))
            if any(part.installed(settings) for part in PARTS)
            else args.hardening
        )
        if metrics_server.PART.installed(settings):
            Metrics("metrics", MetricsArgs(charts=charts, images=images, hardening=hardening), child)
        if prometheus.ADAPTER.installed(settings):
            metrics = CustomMetricsArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                rules=adapter_rules.rules(settings.models),
                prometheus_url=None if prometheus.PART.installed(settings) else settings.platform.prometheus_url,
            )
            CustomMetrics("custom-metrics", metrics, child)
        if cert_manager.PART.installed(settings):
            certificates = CertificatesArgs(charts=charts, images=images, hardening=hardening)
            self.certificates = (Certificates("certificates", certificates, child),)
            below.extend(self.certificates)
        if cloudnative_pg.PART.installed(settings) and settings.database.cloud_native_pg:
            operator = DatabaseOperatorArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                database=settings.database.cloud_native_pg,
                certificates=self.certificates,
                connection=args.connection,
            )
            self.database = DatabaseOperator("database-operator", operator, child).parts
        if istio.PART.installed(settings):
            mesh_args = MeshArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                ingress=settings.ingress,
                cni=settings.platform.mesh_cni,
                connection=args.connection,
            )
            mesh = Mesh("mesh", mesh_args, child)
            self.gateway = (mesh,)
            istiod = (mesh.istiod,)
            below.append(mesh.istiod)
        if knative.PART.installed(settings):
            serverless = ServerlessArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                local_registries=args.local_registries,
                spec=settings.knative_serving,
                gateway=settings.ingress.gateway.namespace,
                mesh=istiod,
                connection=args.connection,
            )
            operated = Serverless("serverless", serverless, child)
            below.append(operated.crds)
            # A model in Knative mode is made, and must be finalized, by a Knative that is ready.
            self.serving = (operated,)
        if kserve.PART.installed(settings):
            serving = ServingArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                domain=settings.ingress.domain,
                runtimes=settings.platform.serving_runtimes,
                platform=tuple(below),
            )
            self.serving = (*self.serving, Serving("serving", serving, child))
        self.register_outputs({})
