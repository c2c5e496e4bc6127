"""KServe: its CRDs, its controller and, when asked for, its serving runtimes."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Resource, ResourceOptions

from components.kubernetes.namespaces import declare, of_part
from components.kubernetes.placement import budget
from components.platform.charts import Charts
from components.platform.hardening import Hardening, resources
from components.settings.images import Images
from components.settings.parts.kserve import MANAGER, NAMESPACE

_MANAGER = {"control-plane": MANAGER}


@dataclass(frozen=True, kw_only=True)
class ServingArgs:
    charts: Charts
    images: Images
    hardening: Hardening
    domain: str
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


def values(images: Images, version: str | None, domain: str, hardening: Hardening) -> dict[str, Any]:
    def image(name: str, keys: tuple[str, str] = ("image", "tag")) -> dict[str, str]:
        return images.in_chart(f"docker.io/kserve/{name}", version, keys)

    # Slipway's own routes are the only way in: what anybody serves beside them is not open to the world by itself.
    gateway = {"domain": domain, "disableIngressCreation": True}
    small = {"resources": resources("10m", "128Mi", "512Mi")}
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
                "topologySpreadConstraints": hardening.spread(_MANAGER),
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
        system = declare(of_part(NAMESPACE, args.hardening), child)
        crds = args.charts.release("kserve-crd", release="kserve-crd", namespace=system, values={}, opts=child)
        controller = args.charts.release(
            "kserve-resources",
            release="kserve",
            namespace=system,
            values=values(args.images, args.charts.app_version("kserve-resources"), args.domain, args.hardening),
            opts=ResourceOptions(parent=self, depends_on=[crds, *args.platform]),
        )
        if args.hardening.several:
            # The chart has no key for it. Its webhook must answer for every new pod of a model.
            k8s.apps.v1.DeploymentPatch(
                "kserve-replicas",
                metadata={
                    "name": MANAGER,
                    "namespace": system,
                    # Kubernetes counts the default of a field among what the chart wrote.
                    "annotations": {"pulumi.com/patchForce": "true"},
                },
                spec={"replicas": args.hardening.replicas},
                opts=ResourceOptions(parent=self, depends_on=[controller]),
            )
            budget("kserve", namespace=system, labels=_MANAGER, opts=child)
        if args.runtimes:
            args.charts.release(
                "kserve-runtime-configs",
                release="kserve-runtime-configs",
                namespace=system,
                values=runtime_values(args.images),
                opts=ResourceOptions(parent=self, depends_on=[controller]),
            )
        self.register_outputs({})
