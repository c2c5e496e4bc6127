"""Istio: its CRDs, istiod, and the gateway through which every request comes in."""

from typing import Any

from components import settings as s
from components.kubernetes.hardening import RUNTIME_DEFAULT, Hardening, resources
from components.kubernetes.placement import ONE_AT_A_TIME
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import istio
from components.settings.versions import ISTIO_HUB


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


def gateway_values(service: s.GatewayService, hardening: Hardening) -> dict[str, Any]:
    numbers: dict[s.GatewayPort, int] = {"status-port": 15021, "http2": 80, "https": 443}
    ports = [
        {"name": name, "port": port, "targetPort": port, "protocol": "TCP"}
        | ({"nodePort": service.node_ports[name]} if name in service.node_ports else {})
        for name, port in numbers.items()
    ]
    return {
        # The chart's image is `auto`, which Kubernetes reads as `:latest` and so would pull at every start.
        "imagePullPolicy": "IfNotPresent",
        "service": {"type": service.type, "ports": ports, "annotations": dict(service.annotations)},
        "resources": resources("20m", "64Mi", "1Gi", cpu_limit=None),
        "autoscaling": {"enabled": False},
        "replicaCount": hardening.replicas,
        "podDisruptionBudget": ONE_AT_A_TIME if hardening.several else {},
        "topologySpreadConstraints": hardening.spread({"app": istio.GATEWAY}),
        "priorityClassName": hardening.priority,
        # The chart's own sysctl, without which 80 and 443 need root, and what "restricted" asks for besides.
        "securityContext": {
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
            "seccompProfile": RUNTIME_DEFAULT,
        },
    }


class Istio(PlatformPart):
    """base, then istiod, then the gateway: a gateway pod made before istiod's injector answers never gets its image."""

    part = istio.PART

    def install(self) -> None:
        context, settings = self.args.context, self.args.context.settings
        images, charts, hardening = context.images, context.charts, self.args.hardening
        base = self.release("istio-base", {"defaultRevision": "default"})
        below = [base]
        if istio.CNI.installed(settings):
            # A pod with a sidecar is refused where the plugin is not, so that nothing starts before it is.
            values = cni_values(images, charts.version("istio-cni"))
            below.append(self.release("istio-cni", values, namespace=istio.CNI_NAMESPACE, after=[base]))
        cni = settings.platform.mesh_cni != "off"
        # Let's Encrypt's challenge is answered by one.
        ingresses = bool(settings.ingress.tls and settings.ingress.tls.issuer.http01)
        values = istiod_values(images, charts.version("istiod"), hardening, cni=cni, ingresses=ingresses)
        istiod = self.release("istiod", values, after=below)
        self.release(
            "istio-gateway",
            gateway_values(settings.gateway_service, hardening),
            name=istio.GATEWAY,
            namespace=istio.GATEWAY_NAMESPACE,
            after=[istiod],
        )
        # From here on Istio's resources are accepted.
        self.usable = (istiod,)
