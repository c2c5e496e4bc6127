"""cert-manager, which signs the certificates of KServe's webhooks and of the ingress."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ResourceOptions

from components.kubernetes.namespaces import declare, of_part
from components.platform.charts import Charts
from components.platform.hardening import Hardening, resources
from components.settings.images import Images
from components.settings.parts.cert_manager import NAMESPACE


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    charts: Charts
    images: Images
    hardening: Hardening


def values(images: Images, version: str, hardening: Hardening) -> dict[str, Any]:
    """The chart's CRDs come and go with it; every image is named in full, because 1.17 has no common registry key."""

    def image(name: str) -> dict[str, Any]:
        return {"image": images.in_chart(f"quay.io/jetstack/cert-manager-{name}", version)}

    def part(name: str, memory: str) -> dict[str, Any]:
        labels = {"app.kubernetes.io/instance": "cert-manager", "app.kubernetes.io/component": name}
        return {
            **image(name),
            "replicaCount": hardening.replicas,
            "podDisruptionBudget": hardening.budget(),
            "topologySpreadConstraints": hardening.spread(labels),
            "resources": resources("10m", "32Mi", memory),
        }

    return {
        "crds": {"enabled": True, "keep": False},
        # The default of the leases is kube-system, where they would stay.
        "global": {"leaderElection": {"namespace": NAMESPACE.name}, "priorityClassName": hardening.priority},
        **part("controller", "512Mi"),
        "webhook": part("webhook", "256Mi"),
        # It keeps every Secret and webhook of the cluster in memory.
        "cainjector": part("cainjector", "1Gi"),
        "acmesolver": image("acmesolver"),
        "startupapicheck": {**image("startupapicheck"), "resources": resources("10m", "32Mi", "128Mi")},
    }


class Certificates(pulumi.ComponentResource):
    """Ready when cert-manager's API answers: the chart's `startupapicheck` hook proves it."""

    def __init__(self, name: str, args: CertificatesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Certificates", name, None, opts)
        child = ResourceOptions(parent=self)
        args.charts.release(
            "cert-manager",
            release="cert-manager",
            namespace=declare(of_part(NAMESPACE, args.hardening), child),
            values=values(args.images, args.charts.version("cert-manager"), args.hardening),
            opts=child,
        )
        self.register_outputs({})
