"""Knative Serving, installed by its operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Resource, ResourceOptions

from components.charts import Charts, merged, namespace
from components.established import Established, EstablishedArgs
from components.images import Images
from components.remains import Remains, RemainsArgs
from components.versions import KNATIVE_SERVING

NAMESPACE = "knative-serving"
OPERATOR_NAMESPACE = "knative-operator"

# The kinds that KServe looks for when it starts.
CRDS = ("services.serving.knative.dev",)

# Of the CRDs, which the operator leaves behind.
GROUPS = (
    "serving.knative.dev",
    "autoscaling.internal.knative.dev",
    "caching.internal.knative.dev",
    "networking.internal.knative.dev",
)

# Deployment to its container, for everything that the operator installs and that should ask for little.
_WORKLOADS = {
    "activator": "activator",
    "autoscaler": "autoscaler",
    "autoscaler-hpa": "autoscaler-hpa",
    "controller": "controller",
    "webhook": "webhook",
    "net-istio-controller": "controller",
    "net-istio-webhook": "webhook",
}


@dataclass(frozen=True, kw_only=True)
class ServerlessArgs:
    charts: Charts
    images: Images
    # Registries whose tags Knative must not resolve: its controller asks them over the pod network, where a registry
    # on localhost is not.
    local_registries: tuple[str, ...]
    # Merged over the KnativeServing spec.
    spec: Mapping[str, Any]
    # istiod, where this stack installs it: Knative's network is made of its resources.
    mesh: tuple[Resource, ...]
    kubeconfig_path: str
    context: str | None
    cluster: Input[str]


def operator_values(images: Images, version: str) -> dict[str, Any]:
    def image(name: str) -> dict[str, Any]:
        return {
            "image": images.rewrite(f"gcr.io/knative-releases/knative.dev/operator/cmd/{name}"),
            "tag": version,
            "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        }

    return {"knative_operator": {"knative_operator": image("operator"), "operator_webhook": image("webhook")}}


def serving_spec(local_registries: tuple[str, ...]) -> dict[str, Any]:
    """The `spec` of KnativeServing (https://knative.dev/docs/install/operator/configuring-serving-cr/)."""
    resources = {"requests": {"cpu": "10m", "memory": "40Mi"}, "limits": {"cpu": "500m", "memory": "300Mi"}}
    return {
        "version": KNATIVE_SERVING,
        "ingress": {"istio": {"enabled": True}},
        "high-availability": {"replicas": 1},
        "config": {
            # Of the cluster alone: Slipway's own routes are the only way in.
            "domain": {"svc.cluster.local": ""},
            "deployment": {
                # The value replaces Knative's own list, so that one is repeated.
                "registries-skipping-tag-resolving": ",".join(
                    ("kind.local", "ko.local", "dev.local", *local_registries)
                ),
                "progress-deadline": "600s",
            },
        },
        "workloads": [
            {"name": deployment, "resources": [{"container": container, **resources}]}
            for deployment, container in _WORKLOADS.items()
        ],
    }


class Serverless(pulumi.ComponentResource):
    """The operator, and a KnativeServing that is Ready; `crds` is there as soon as Knative's kinds are.

    The KnativeServing depends on the operator's release, so it is deleted first and its finalizer runs.
    """

    crds: Resource

    def __init__(self, name: str, args: ServerlessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Serverless", name, None, opts)
        child = ResourceOptions(parent=self)
        system = namespace(OPERATOR_NAMESPACE, child)
        remains = Remains(
            "knative-remains",
            RemainsArgs(
                groups=GROUPS,
                namespace=system,
                kubeconfig_path=args.kubeconfig_path,
                context=args.context,
                cluster=args.cluster,
            ),
            child,
        )
        operator = args.charts.release(
            "knative-operator",
            release="knative-operator",
            namespace=system,
            values=operator_values(args.images, args.charts.version("knative-operator")),
            opts=ResourceOptions(parent=self, depends_on=[remains]),
        )
        k8s.apiextensions.CustomResource(
            "knative-serving",
            api_version="operator.knative.dev/v1beta1",
            kind="KnativeServing",
            metadata={
                "name": "knative-serving",
                "namespace": namespace(NAMESPACE, child),
                "annotations": {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "900"},
            },
            spec=merged(serving_spec(args.local_registries), args.spec),
            opts=ResourceOptions(parent=self, depends_on=[operator, *args.mesh]),
        )
        self.crds = Established(
            "knative-crds",
            EstablishedArgs(
                names=CRDS, kubeconfig_path=args.kubeconfig_path, context=args.context, cluster=args.cluster
            ),
            ResourceOptions(parent=self, depends_on=[operator]),
        )
        self.register_outputs({})
