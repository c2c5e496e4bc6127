"""KServe: its CRDs, its controller and, when asked for, its serving runtimes."""

from typing import Any

import pulumi_kubernetes as k8s
from pulumi import Output, ResourceOptions

from components.dynamic.admission_wait import AdmissionWait, AdmissionWaitArgs
from components.kubernetes.hardening import BEYOND_ANY_NODE, Hardening, resources
from components.kubernetes.placement import budget
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.parts import cert_manager, istio, knative, kserve

# Relative to the project, where Pulumi runs it.
READY_WHEN_IT_ANSWERS = "components/platform/scripts/ready_when_it_answers"

# Never made: whether the webhook answers is asked with it.
_EXAMPLE = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "answers"},
    "spec": {"predictor": {"containers": [{"name": "kserve-container"}]}},
}
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
            postrender=READY_WHEN_IT_ANSWERS,
            # The controller decides once, when it starts, what it watches.
            after=[crds, *self.args.usable(cert_manager.PART, istio.PART, knative.PART)],
        )
        answering = self._webhook(controller)
        if hardening.several:
            self._replicate(controller)
        if "kserve-runtime-configs" in self.part.charts_of(context.settings):
            self.release("kserve-runtime-configs", runtime_values(context.images), after=[answering])

    def _webhook(self, controller: k8s.helm.v3.Release) -> AdmissionWait:
        """That the cluster reaches the manager's webhook, which sees every InferenceService first."""
        context = self.args.context
        where = Output.concat(
            "/apis/serving.kserve.io/v1beta1/namespaces/", self.args.namespace(kserve.NAMESPACE), "/inferenceservices"
        )
        return AdmissionWait(
            "kserve-webhook",
            AdmissionWaitArgs(
                path=where,
                example=_EXAMPLE,
                version=context.charts.version("kserve-resources"),
                connection=context.cluster.connection,
            ),
            ResourceOptions(parent=self, depends_on=[controller]),
        )

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
