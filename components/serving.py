"""KServe: its CRDs, its controller and, when asked for, its serving runtimes."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Resource, ResourceOptions

from components.charts import Charts, namespace
from components.images import Images

NAMESPACE = "kserve"


@dataclass(frozen=True, kw_only=True)
class ServingArgs:
    charts: Charts
    images: Images
    domain: str
    ingress_class: str
    runtimes: bool
    # cert-manager, istiod and Knative's CRDs: the controller decides once, when it starts, what it watches.
    platform: tuple[Resource, ...]


def values(images: Images, domain: str, ingress_class: str) -> dict[str, Any]:
    gateway = {"domain": domain, "ingressGateway": {"className": ingress_class}}
    small = {"resources": {"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}}
    return {
        "kserve": {
            "controller": {
                "deploymentMode": "Standard",
                "gateway": gateway,
                "image": images.rewrite("docker.io/kserve/kserve-controller"),
                # The chart's Always would ask the registry at every start.
                "imagePullPolicy": "IfNotPresent",
                "rbacProxyImage": images.rewrite("quay.io/brancz/kube-rbac-proxy:v0.18.0"),
                "rbacProxy": small,
                **small,
            },
            "agent": {"image": images.rewrite("docker.io/kserve/agent")},
            "router": {"image": images.rewrite("docker.io/kserve/router")},
            "storage": {"image": images.rewrite("docker.io/kserve/storage-initializer")},
        }
    }


class Serving(pulumi.ComponentResource):
    """The CRDs start with everything else; the controller waits for what it watches, the runtimes for its webhook."""

    def __init__(self, name: str, args: ServingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Serving", name, None, opts)
        child = ResourceOptions(parent=self)
        system = namespace(NAMESPACE, child)
        crds = args.charts.release("kserve-crd", release="kserve-crd", namespace=system, values={}, opts=child)
        controller = args.charts.release(
            "kserve-resources",
            release="kserve",
            namespace=system,
            values=values(args.images, args.domain, args.ingress_class),
            opts=ResourceOptions(parent=self, depends_on=[crds, *args.platform]),
        )
        if args.runtimes:
            args.charts.release(
                "kserve-runtime-configs",
                release="kserve-runtime-configs",
                namespace=system,
                values={"kserve": {"servingruntime": {"enabled": True}}},
                opts=ResourceOptions(parent=self, depends_on=[controller]),
            )
        self.register_outputs({})
