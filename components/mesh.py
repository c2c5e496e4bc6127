"""Istio: its CRDs, istiod, and the gateway through which every request comes in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Input, Resource, ResourceOptions

from components import settings as s
from components.charts import Charts, namespace
from components.images import Images
from components.remains import Remains, RemainsArgs
from components.versions import ISTIO_HUB

NAMESPACE = "istio-system"
# Knative's Gateways select `istio: ingressgateway`, which the chart derives from exactly this release name.
GATEWAY = "istio-ingressgateway"
# Of the CRDs, which the base chart keeps.
GROUPS = ("extensions.istio.io", "networking.istio.io", "security.istio.io", "telemetry.istio.io")


@dataclass(frozen=True, kw_only=True)
class MeshArgs:
    charts: Charts
    images: Images
    ingress: s.Ingress
    # Whether Istio's CNI plugin is installed here, is there, or is not (sidecars then need a privileged container).
    cni: s.Part
    kubeconfig_path: str
    context: str | None
    cluster: Input[str]


def istiod_values(images: Images, version: str, cni: bool) -> dict[str, Any]:
    hub = images.rewrite(f"{ISTIO_HUB}/pilot").removesuffix("/pilot")
    return {
        # Pods get a sidecar only where they ask for one; the gateway does.
        "global": {"hub": hub, "tag": version, "proxy": {"autoInject": "disabled"}, "imagePullPolicy": "IfNotPresent"},
        "hub": hub,
        "tag": version,
        "resources": {"requests": {"cpu": "50m", "memory": "256Mi"}},
        "autoscaleEnabled": False,
        # istiod turns this to Fail by itself; said here, an upgrade does not turn it back.
        "base": {"validationFailurePolicy": "Fail"},
        "cni": {"enabled": cni},
    }


def cni_values(images: Images, version: str) -> dict[str, Any]:
    hub = images.rewrite(f"{ISTIO_HUB}/install-cni").removesuffix("/install-cni")
    return {"hub": hub, "tag": version, "resources": {"requests": {"cpu": "10m", "memory": "100Mi"}}}


def gateway_values(
    service_type: str, node_ports: Mapping[s.GatewayPort, int], annotations: Mapping[str, str]
) -> dict[str, Any]:
    """`node_ports` maps a port's name to its NodePort; the cluster chooses those that are left out.

    `annotations` are the Service's.
    """
    numbers: dict[s.GatewayPort, int] = {"status-port": 15021, "http2": 80, "https": 443}
    ports = [
        {"name": name, "port": port, "targetPort": port, "protocol": "TCP"}
        | ({"nodePort": node_ports[name]} if name in node_ports else {})
        for name, port in numbers.items()
    ]
    return {
        # The chart's image is `auto`, which Kubernetes reads as `:latest` and so would pull at every start.
        "imagePullPolicy": "IfNotPresent",
        "service": {"type": service_type, "ports": ports, "annotations": dict(annotations)},
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
        "autoscaling": {"enabled": False},
    }


class Mesh(pulumi.ComponentResource):
    """base, then istiod, then the gateway: a gateway pod made before istiod's injector answers never gets its image."""

    # For what brings Istio's resources along: from here on they are accepted.
    istiod: Resource

    def __init__(self, name: str, args: MeshArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Mesh", name, None, opts)
        child = ResourceOptions(parent=self)
        system = namespace(NAMESPACE, child)
        remains = Remains(
            "istio-remains",
            RemainsArgs(
                groups=GROUPS,
                namespace=system,
                # istiod writes its certificate authority into every namespace.
                config_maps="istio.io/config=true",
                kubeconfig_path=args.kubeconfig_path,
                context=args.context,
                cluster=args.cluster,
            ),
            child,
        )
        base = args.charts.release(
            "istio-base",
            release="istio-base",
            namespace=system,
            values={"defaultRevision": "default"},
            opts=ResourceOptions(parent=self, depends_on=[remains]),
        )
        self.istiod = args.charts.release(
            "istiod",
            release="istiod",
            namespace=system,
            values=istiod_values(args.images, args.charts.version("istiod"), args.cni != "off"),
            # A pod with a sidecar is refused where the plugin is not, so that nothing starts before it is.
            opts=ResourceOptions(parent=self, depends_on=[base, *self._cni(args, system, base)]),
        )
        args.charts.release(
            "istio-gateway",
            release=GATEWAY,
            namespace=system,
            values=gateway_values(args.ingress.service_type, args.ingress.node_ports, args.ingress.annotations),
            opts=ResourceOptions(parent=self, depends_on=[self.istiod]),
        )
        self.register_outputs({})

    def _cni(self, args: MeshArgs, system: Input[str], base: Resource) -> list[Resource]:
        if args.cni != "install":
            return []
        return [
            args.charts.release(
                "istio-cni",
                release="istio-cni",
                namespace=system,
                values=cni_values(args.images, args.charts.version("istio-cni")),
                opts=ResourceOptions(parent=self, depends_on=[base]),
            )
        ]
