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


# The repositories of the runtimes' images, by the chart's keys; tags are the chart's.
_RUNTIMES = {
    "tensorflow": "tensorflow/serving",
    "mlserver": "docker.io/seldonio/mlserver",
    "tritonserver": "nvcr.io/nvidia/tritonserver",
    "torchserve": "pytorch/torchserve-kfs",
    "vllmserver": "vllm/vllm-openai",
    **{
        name: f"docker.io/kserve/{name}"
        for name in (
            "sklearnserver",
            "xgbserver",
            "huggingfaceserver",
            "pmmlserver",
            "predictiveserver",
            "paddleserver",
            "lgbserver",
            "autogluonserver",
        )
    },
}


def runtime_values(images: Images) -> dict[str, Any]:
    runtimes = {key: {"image": images.rewrite(repository)} for key, repository in _RUNTIMES.items()}
    return {"kserve": {"servingruntime": {"enabled": True, **runtimes}}}


def values(images: Images, version: str | None, domain: str, ingress_class: str) -> dict[str, Any]:
    def image(name: str, keys: tuple[str, str] = ("image", "tag")) -> dict[str, str]:
        return images.in_chart(f"docker.io/kserve/{name}", version, keys)

    gateway = {"domain": domain, "ingressGateway": {"className": ingress_class}}
    small = {"resources": {"requests": {"cpu": "10m", "memory": "128Mi"}}}
    return {
        "kserve": {
            "controller": {
                "deploymentMode": "Standard",
                "gateway": gateway,
                **image("kserve-controller"),
                # The chart's Always would ask the registry at every start.
                "imagePullPolicy": "IfNotPresent",
                "rbacProxyImage": images.rewrite("quay.io/brancz/kube-rbac-proxy:v0.18.0"),
                "rbacProxy": small,
                **small,
            },
            "agent": image("agent"),
            "router": image("router"),
            "storage": image("storage-initializer"),
            "servingruntime": {"art": image("art-explainer", ("image", "defaultVersion"))},
            "localmodel": image("storage-initializer", ("defaultJobImage", "defaultJobTag")),
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
            values=values(args.images, args.charts.app_version("kserve-resources"), args.domain, args.ingress_class),
            opts=ResourceOptions(parent=self, depends_on=[crds, *args.platform]),
        )
        if args.runtimes:
            args.charts.release(
                "kserve-runtime-configs",
                release="kserve-runtime-configs",
                namespace=system,
                values=runtime_values(args.images),
                opts=ResourceOptions(parent=self, depends_on=[controller]),
            )
        self.register_outputs({})
