"""Istio: its CRDs, istiod, and the gateway through which every request comes in."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Resource, ResourceOptions

from components import settings as s
from components.cluster.connection import Connection
from components.dynamic.crd_cleanup import CrdCleanup, CrdCleanupArgs
from components.kubernetes.namespaces import declare, of_part
from components.kubernetes.placement import ONE_AT_A_TIME
from components.platform.charts import Charts
from components.platform.hardening import RUNTIME_DEFAULT, Hardening, resources
from components.settings.images import Images
from components.settings.parts.istio import CNI_NAMESPACE, GATEWAY, GATEWAY_NAMESPACE, NAMESPACE, PART
from components.settings.versions import ISTIO_HUB


@dataclass(frozen=True, kw_only=True)
class MeshArgs:
    charts: Charts
    images: Images
    hardening: Hardening
    ingress: s.Ingress
    # Whether Istio's CNI plugin is installed here, is there, or is not (sidecars then need a privileged container).
    cni: s.Installation
    connection: Connection


def istiod_values(
    images: Images, version: str, hardening: Hardening, *, cni: bool, ingresses: bool = False
) -> dict[str, Any]:
    """`ingresses`: whether Ingresses of class `istio` are served, of whoever may write one anywhere in the cluster."""
    hub = images.rewrite(f"{ISTIO_HUB}/pilot").removesuffix("/pilot")
    # In full, because each has a digest of its own; what the templates still put together comes from `hub`.
    proxy = images.rewrite(f"{ISTIO_HUB}/proxyv2:{version}")
    return {
        # Pods get a sidecar only where they ask for one; the gateway does.
        "global": {
            "hub": hub,
            "tag": version,
            "proxy": {"autoInject": "disabled", "image": proxy},
            "proxy_init": {"image": proxy},
            "imagePullPolicy": "IfNotPresent",
            "priorityClassName": hardening.priority,
        },
        "hub": hub,
        "tag": version,
        "image": images.rewrite(f"{ISTIO_HUB}/pilot:{version}"),
        "resources": resources("50m", "256Mi", "2Gi"),
        "autoscaleEnabled": False,
        "replicaCount": hardening.replicas,
        "topologySpreadConstraints": hardening.spread({"app": "istiod"}),
        # The chart makes it for several replicas only.
        "pdb": ONE_AT_A_TIME,
        "seccompProfile": RUNTIME_DEFAULT,
        # istiod turns this to Fail by itself; said here, an upgrade does not turn it back.
        "base": {"validationFailurePolicy": "Fail"},
        "cni": {"enabled": cni},
        "meshConfig": {"ingressControllerMode": "STRICT" if ingresses else "OFF"},
    }


def cni_values(images: Images, version: str) -> dict[str, Any]:
    return {
        # In full, with its own digest.
        "image": images.rewrite(f"{ISTIO_HUB}/install-cni:{version}"),
        "resources": resources("10m", "100Mi", "512Mi"),
    }


def gateway_values(ingress: s.Ingress, hardening: Hardening) -> dict[str, Any]:
    """The cluster chooses the node ports that are left out."""
    numbers: dict[s.GatewayPort, int] = {"status-port": 15021, "http2": 80, "https": 443}
    ports = [
        {"name": name, "port": port, "targetPort": port, "protocol": "TCP"}
        | ({"nodePort": ingress.node_ports[name]} if name in ingress.node_ports else {})
        for name, port in numbers.items()
    ]
    return {
        # The chart's image is `auto`, which Kubernetes reads as `:latest` and so would pull at every start.
        "imagePullPolicy": "IfNotPresent",
        "service": {"type": ingress.service_type, "ports": ports, "annotations": dict(ingress.annotations)},
        "resources": resources("20m", "64Mi", "1Gi"),
        "autoscaling": {"enabled": False},
        "replicaCount": hardening.replicas,
        "podDisruptionBudget": ONE_AT_A_TIME if hardening.several else {},
        "topologySpreadConstraints": hardening.spread({"app": GATEWAY}),
        "priorityClassName": hardening.priority,
        # The chart's own sysctl, without which 80 and 443 need root, and what "restricted" asks for besides.
        "securityContext": {
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
            "seccompProfile": RUNTIME_DEFAULT,
        },
    }


class Mesh(pulumi.ComponentResource):
    """base, then istiod, then the gateway: a gateway pod made before istiod's injector answers never gets its image."""

    # For what brings Istio's resources along: from here on they are accepted.
    istiod: Resource

    def __init__(self, name: str, args: MeshArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Mesh", name, None, opts)
        child = ResourceOptions(parent=self)
        system = declare(of_part(NAMESPACE, args.hardening), child)
        cleanup = CrdCleanup(
            "istio-crd-cleanup",
            CrdCleanupArgs(
                groups=PART.crd_groups,
                namespace=system,
                config_maps=PART.config_maps,
                connection=args.connection,
            ),
            child,
        )
        base = args.charts.release(
            "istio-base",
            release="istio-base",
            namespace=system,
            values={"defaultRevision": "default"},
            opts=ResourceOptions(parent=self, depends_on=[cleanup]),
        )
        self.istiod = args.charts.release(
            "istiod",
            release="istiod",
            namespace=system,
            values=istiod_values(
                args.images,
                args.charts.version("istiod"),
                args.hardening,
                cni=args.cni != "off",
                # Let's Encrypt's challenge is answered by one.
                ingresses=bool(args.ingress.tls and args.ingress.tls.issuer.http01),
            ),
            # A pod with a sidecar is refused where the plugin is not, so that nothing starts before it is.
            opts=ResourceOptions(parent=self, depends_on=[base, *self._cni(args, base)]),
        )
        args.charts.release(
            "istio-gateway",
            release=GATEWAY,
            namespace=declare(of_part(GATEWAY_NAMESPACE, args.hardening), child),
            values=gateway_values(args.ingress, args.hardening),
            opts=ResourceOptions(parent=self, depends_on=[self.istiod]),
        )
        self.register_outputs({})

    def _cni(self, args: MeshArgs, base: Resource) -> list[Resource]:
        if args.cni != "install":
            return []
        child = ResourceOptions(parent=self)
        return [
            args.charts.release(
                "istio-cni",
                release="istio-cni",
                namespace=declare(of_part(CNI_NAMESPACE, args.hardening), child),
                values=cni_values(args.images, args.charts.version("istio-cni")),
                opts=ResourceOptions(parent=self, depends_on=[base]),
            )
        ]
