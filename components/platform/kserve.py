"""KServe: its CRDs, its controller and, when asked for, its serving runtimes."""

from typing import Any

import pulumi_kubernetes as k8s
from pulumi import ResourceOptions

from components.kubernetes.hardening import BEYOND_ANY_NODE, Hardening, resources
from components.kubernetes.placement import budget
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import cert_manager, istio, knative, kserve

_MANAGER = {"control-plane": kserve.MANAGER}

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
    proxy = resources("10m", "128Mi", "512Mi", cpu_limit=None)
    # The chart merges this once more, over a manifest of its own.
    manager = resources("10m", "128Mi", "512Mi", cpu_limit=BEYOND_ANY_NODE)
    return {
        "kserve": {
            "controller": {
                "deploymentMode": "Standard",
                "gateway": gateway,
                **image("kserve-controller"),
                # The chart's Always would ask the registry at every start.
                "imagePullPolicy": "IfNotPresent",
                "rbacProxyImage": images.rewrite("quay.io/brancz/kube-rbac-proxy:v0.18.0"),
                "rbacProxy": {"resources": proxy},
                "topologySpreadConstraints": hardening.spread(_MANAGER),
                "resources": manager,
            },
            "agent": image("agent"),
            "router": image("router"),
            "storage": image("storage-initializer"),
            "servingruntime": {"art": image("art-explainer", ("image", "defaultVersion"))},
            "localmodel": image("storage-initializer", ("defaultJobImage", "defaultJobTag")),
        }
    }


class KServe(PlatformPart):
    """The CRDs start with everything else; the controller waits for what it watches, the runtimes for its webhook."""

    part = kserve.PART

    def install(self) -> None:
        context, hardening = self.args.context, self.args.hardening
        crds = self.release("kserve-crd", {})
        controller = self.release(
            "kserve-resources",
            values(
                context.images,
                context.charts.app_version("kserve-resources"),
                context.settings.ingress.domain,
                hardening,
            ),
            name="kserve",
            # The controller decides once, when it starts, what it watches.
            after=[crds, *self.args.usable(cert_manager.PART, istio.PART, knative.PART)],
        )
        if hardening.several:
            self._replicate(controller)
        if "kserve-runtime-configs" in self.part.charts_of(context.settings):
            self.release("kserve-runtime-configs", runtime_values(context.images), after=[controller])

    def _replicate(self, controller: k8s.helm.v3.Release) -> None:
        """Several pods, for which the chart has no key: the webhook must answer for every new pod of a model."""
        namespace = self.args.namespace(kserve.NAMESPACE)
        k8s.apps.v1.DeploymentPatch(
            "kserve-replicas",
            metadata={
                "name": kserve.MANAGER,
                "namespace": namespace,
                # Kubernetes counts the default of a field among what the chart wrote.
                "annotations": {"pulumi.com/patchForce": "true"},
            },
            spec={"replicas": self.args.hardening.replicas},
            opts=ResourceOptions(parent=self, depends_on=[controller]),
        )
        budget("kserve", namespace=namespace, labels=_MANAGER, opts=ResourceOptions(parent=self))
