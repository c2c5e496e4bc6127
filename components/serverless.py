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
from components.versions import KNATIVE_SERVING, NET_ISTIO

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

_RELEASES = "gcr.io/knative-releases/knative.dev"
QUEUE = "queue-proxy"
# By the operator's keys, which are a container, or its deployment and container where two have the same name.
_SERVING_IMAGES = {
    "activator": "serving/cmd/activator",
    "autoscaler": "serving/cmd/autoscaler",
    "autoscaler-hpa": "serving/cmd/autoscaler-hpa",
    "controller/controller": "serving/cmd/controller",
    "webhook/webhook": "serving/cmd/webhook",
    "migrate": "pkg/apiextensions/storageversion/cmd/migrate",
    "cleanup": "serving/pkg/cleanup/cmd/cleanup",
    QUEUE: "serving/cmd/queue",
}
_NET_ISTIO_IMAGES = {
    "net-istio-controller/controller": "net-istio/cmd/controller",
    "net-istio-webhook/webhook": "net-istio/cmd/webhook",
}

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
    domain: str
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
            **images.in_chart(f"{_RELEASES}/operator/cmd/{name}", version, ("image", "tag")),
            "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        }

    return {"knative_operator": {"knative_operator": image("operator"), "operator_webhook": image("webhook")}}


def serving_images(version: str) -> dict[str, str]:
    """What the operator installs for a version of Serving, by the keys of its `registry.override`."""
    tags = {**dict.fromkeys(_SERVING_IMAGES, version), **dict.fromkeys(_NET_ISTIO_IMAGES, NET_ISTIO)}
    paths = {**_SERVING_IMAGES, **_NET_ISTIO_IMAGES}
    return {key: f"{_RELEASES}/{path}:v{tags[key]}" for key, path in paths.items()}


def own_images(images: Images, version: str) -> dict[str, Any]:
    """The part of the spec that takes Serving's images from elsewhere than the operator does, which has digests.

    The override does not reach the sidecar of the models (https://github.com/knative/operator/issues/2313).
    """
    named = serving_images(version)
    if not any(images.changes(each) for each in named.values()):
        return {}
    override = {key: images.rewrite(each) for key, each in named.items()}
    return {"registry": {"override": override}, "config": {"deployment": {"queue-sidecar-image": override[QUEUE]}}}


def serving_spec(domain: str, local_registries: tuple[str, ...]) -> dict[str, Any]:
    """The `spec` of KnativeServing (https://knative.dev/docs/install/operator/configuring-serving-cr/)."""
    resources = {"requests": {"cpu": "10m", "memory": "40Mi"}, "limits": {"cpu": "500m", "memory": "300Mi"}}
    return {
        "version": KNATIVE_SERVING,
        "ingress": {"istio": {"enabled": True}},
        "high-availability": {"replicas": 1},
        "config": {
            "domain": {domain: ""},
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
            spec=self._spec(args),
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

    def _spec(self, args: ServerlessArgs) -> dict[str, Any]:
        # A mirror may be one that only the nodes reach, or that has no TLS.
        unasked = (*args.local_registries, *([args.images.mirror.partition("/")[0]] if args.images.mirror else []))
        own = own_images(args.images, str(args.spec.get("version", KNATIVE_SERVING)))
        return merged(merged(serving_spec(args.domain, unasked), own), args.spec)
