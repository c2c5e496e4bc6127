"""cert-manager, which signs the certificates of KServe's webhooks and of the ingress."""

from typing import Any

from components.kubernetes.hardening import Hardening, resources
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import cert_manager


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
        "global": {
            "leaderElection": {"namespace": cert_manager.NAMESPACE.name},
            "priorityClassName": hardening.priority,
        },
        **part("controller", "512Mi"),
        "webhook": part("webhook", "256Mi"),
        # It keeps every Secret and webhook of the cluster in memory.
        "cainjector": part("cainjector", "1Gi"),
        "acmesolver": image("acmesolver"),
        "startupapicheck": {**image("startupapicheck"), "resources": resources("10m", "32Mi", "128Mi")},
    }


class CertManager(PlatformPart):
    """Ready when cert-manager's API answers: the chart's `startupapicheck` hook proves it."""

    part = cert_manager.PART

    def install(self) -> None:
        context = self.args.context
        version = context.charts.version("cert-manager")
        self.release("cert-manager", values(context.images, version, self.args.hardening))
