"""The parts that serving stands on, each installed only where the stack says so."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Input, Resource, ResourceOptions

from components import settings as s
from components.certificates import Certificates, CertificatesArgs
from components.charts import Charts
from components.images import Images
from components.mesh import Mesh, MeshArgs
from components.metrics import Metrics, MetricsArgs
from components.serverless import Serverless, ServerlessArgs
from components.serving import Serving, ServingArgs


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    parts: s.Platform
    ingress: s.Ingress
    charts: Charts
    images: Images
    local_registries: tuple[str, ...]
    kubeconfig_path: str
    context: str | None
    cluster: Input[str]
    # Merged over the KnativeServing spec.
    knative_serving: dict[str, Any]


class Platform(pulumi.ComponentResource):
    """`gateway` and `serving`: what a user of the ingress, or of KServe, waits for; empty where it is there already."""

    gateway: tuple[Resource, ...]
    serving: tuple[Resource, ...]

    def __init__(self, name: str, args: PlatformArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Platform", name, None, opts)
        charts, images, child = args.charts, args.images, ResourceOptions(parent=self)
        below: list[Resource] = []
        self.gateway = self.serving = ()
        istiod: tuple[Resource, ...] = ()
        if args.parts.metrics_server == "install":
            Metrics("metrics", MetricsArgs(charts=charts, images=images), child)
        if args.parts.certificates == "install":
            below.append(Certificates("certificates", CertificatesArgs(charts=charts, images=images), child))
        if args.parts.mesh == "install":
            mesh = Mesh("mesh", MeshArgs(charts=charts, images=images, ingress=args.ingress), child)
            self.gateway = (mesh,)
            istiod = (mesh.istiod,)
            below.append(mesh.istiod)
        if args.parts.serverless == "install":
            serverless = ServerlessArgs(
                charts=charts,
                images=images,
                domain=args.ingress.domain,
                local_registries=args.local_registries,
                spec=args.knative_serving,
                mesh=istiod,
                kubeconfig_path=args.kubeconfig_path,
                context=args.context,
                cluster=args.cluster,
            )
            knative = Serverless("serverless", serverless, child)
            below.append(knative.crds)
            # A model in Knative mode is made, and must be finalized, by a Knative that is ready.
            self.serving = (knative,)
        if args.parts.serving == "install":
            serving = ServingArgs(
                charts=charts,
                images=images,
                domain=args.ingress.domain,
                ingress_class=args.ingress.class_name,
                runtimes=args.parts.serving_runtimes,
                platform=tuple(below),
            )
            self.serving = (*self.serving, Serving("serving", serving, child))
        self.register_outputs({})
