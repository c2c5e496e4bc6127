"""cert-manager, which signs the certificates of KServe's webhooks and of the ingress."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import ResourceOptions

from components.charts import Charts, namespace
from components.images import Images

NAMESPACE = "cert-manager"


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    charts: Charts
    images: Images


def values(images: Images, version: str) -> dict[str, Any]:
    """The chart's CRDs come and go with it; every image is named in full, because 1.17 has no common registry key."""

    def image(name: str) -> dict[str, Any]:
        return {"image": {"repository": images.rewrite(f"quay.io/jetstack/cert-manager-{name}"), "tag": version}}

    return {
        "crds": {"enabled": True, "keep": False},
        # The default is kube-system, where the leases would stay.
        "global": {"leaderElection": {"namespace": NAMESPACE}},
        **image("controller"),
        "webhook": image("webhook"),
        "cainjector": image("cainjector"),
        "acmesolver": image("acmesolver"),
        "startupapicheck": image("startupapicheck"),
    }


class Certificates(pulumi.ComponentResource):
    """Ready when cert-manager's API answers: the chart's `startupapicheck` hook proves it."""

    def __init__(self, name: str, args: CertificatesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Certificates", name, None, opts)
        child = ResourceOptions(parent=self)
        args.charts.release(
            "cert-manager",
            release="cert-manager",
            namespace=namespace(NAMESPACE, child),
            values=values(args.images, args.charts.version("cert-manager")),
            opts=child,
        )
        self.register_outputs({})
