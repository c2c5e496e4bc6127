"""The parts that serving stands on, each installed only where the stack says so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

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
from components.settings.scaling import QueriedMetric

PRIORITY_CLASS = "slipway-platform"


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    parts: s.Platform
    ingress: s.Ingress
    charts: Charts
    images: Images
    hardening: Hardening
    local_registries: tuple[str, ...]
    connection: Connection
    # Merged over the KnativeServing spec.
    knative_serving: dict[str, Any]
    # The cluster of the database, where CloudNativePG runs it.
    database: s.CloudNativePg | None = None
    # What their metrics need is installed, and no more.
    models: Sequence[s.Model] = ()


def uses_resources(models: Sequence[s.Model]) -> bool:
    """Whether a model scales on cpu or memory."""
    return any(
        any(not isinstance(metric, QueriedMetric) for metric in scaling.declared)
        if isinstance(scaling, s.Autoscaling)
        else scaling.autoscaler == "hpa"
        for scaling in (model.autoscaling for model in models)
        if scaling
    )


def _installs(parts: s.Platform) -> bool:
    return "install" in (parts.certificates, parts.mesh, parts.serverless, parts.serving)


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
        charts, images, child = args.charts, args.images, ResourceOptions(parent=self)
        below: list[Resource] = []
        self.gateway = self.certificates = self.serving = self.database = ()
        istiod: tuple[Resource, ...] = ()
        hardening = replace(args.hardening, priority=_priority(child)) if _installs(args.parts) else args.hardening
        if args.parts.metrics_server == "install" and uses_resources(args.models):
            Metrics("metrics", MetricsArgs(charts=charts, images=images, hardening=hardening), child)
        if args.parts.metrics_adapter == "install" and any((rules := adapter_rules.rules(args.models)).values()):
            own = args.parts.prometheus == "install"
            metrics = CustomMetricsArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                rules=rules,
                prometheus_url=None if own else args.parts.prometheus_url,
            )
            CustomMetrics("custom-metrics", metrics, child)
        if args.parts.certificates == "install":
            certificates = CertificatesArgs(charts=charts, images=images, hardening=hardening)
            self.certificates = (Certificates("certificates", certificates, child),)
            below.extend(self.certificates)
        if args.parts.database_operator == "install" and args.database:
            operator = DatabaseOperatorArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                database=args.database,
                certificates=self.certificates,
                connection=args.connection,
            )
            self.database = DatabaseOperator("database-operator", operator, child).parts
        if args.parts.mesh == "install":
            istio = MeshArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                ingress=args.ingress,
                cni=args.parts.mesh_cni,
                connection=args.connection,
            )
            mesh = Mesh("mesh", istio, child)
            self.gateway = (mesh,)
            istiod = (mesh.istiod,)
            below.append(mesh.istiod)
        if args.parts.serverless == "install":
            serverless = ServerlessArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                local_registries=args.local_registries,
                spec=args.knative_serving,
                mesh=istiod,
                connection=args.connection,
            )
            knative = Serverless("serverless", serverless, child)
            below.append(knative.crds)
            # A model in Knative mode is made, and must be finalized, by a Knative that is ready.
            self.serving = (knative,)
        if args.parts.serving == "install":
            serving = ServingArgs(
                charts=charts,
                images=images,
                hardening=hardening,
                domain=args.ingress.domain,
                runtimes=args.parts.serving_runtimes,
                platform=tuple(below),
            )
            self.serving = (*self.serving, Serving("serving", serving, child))
        self.register_outputs({})
