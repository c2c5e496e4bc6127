"""Knative Serving, installed by its operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import CustomTimeouts, Resource, ResourceOptions

from components.cluster.reach import Reach
from components.dynamic.established import Established, EstablishedArgs
from components.dynamic.remains import Remains, RemainsArgs
from components.kubernetes.namespaces import declare, of_part
from components.kubernetes.placement import ONE_AT_A_TIME
from components.platform.charts import Charts
from components.platform.hardening import Hardening, resources
from components.settings.images import Images
from components.settings.merge import merged
from components.settings.versions import KNATIVE_SERVING, NET_ISTIO

NAMESPACE = "knative-serving"
OPERATOR_NAMESPACE = "knative-operator"
_WEBHOOK = 8443

# The kinds that KServe looks for when it starts.
CRDS = ("services.serving.knative.dev",)

# Its finalizer takes a minute; a destroy that waits longer says so.
DELETED_WITHIN = "5m"

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

_POD_FIELDS = ("nodeselector", "tolerations", "priorityclassname", "topologyspreadconstraints")


@dataclass(frozen=True, kw_only=True)
class ServerlessArgs:
    charts: Charts
    images: Images
    hardening: Hardening
    # Registries whose tags Knative must not resolve: its controller asks them over the pod network, where a registry
    # on localhost is not.
    local_registries: tuple[str, ...]
    # Merged over the KnativeServing spec.
    spec: Mapping[str, Any]
    # istiod, where this stack installs it: Knative's network is made of its resources.
    mesh: tuple[Resource, ...]
    reach: Reach


def operator_values(images: Images, version: str) -> dict[str, Any]:
    def image(name: str) -> dict[str, Any]:
        return {
            **images.in_chart(f"{_RELEASES}/operator/cmd/{name}", version, ("image", "tag")),
            "resources": resources("10m", "64Mi", "512Mi"),
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


def serving_spec(local_registries: tuple[str, ...], hardening: Hardening) -> dict[str, Any]:
    """The `spec` of KnativeServing (https://knative.dev/docs/install/operator/configuring-serving-cr/)."""
    small = {"requests": {"cpu": "10m", "memory": "40Mi"}, "limits": {"cpu": "500m", "memory": "300Mi"}}
    return {
        "version": KNATIVE_SERVING,
        "ingress": {"istio": {"enabled": True}},
        "high-availability": {"replicas": hardening.replicas},
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
            # What a model's settings may ask for; Knative refuses each of them unless it is named here.
            "features": {f"kubernetes.podspec-{field}": "enabled" for field in _POD_FIELDS},
        },
        "workloads": [
            {
                "name": deployment,
                "resources": [{"container": container, **small}],
                "topologySpreadConstraints": hardening.spread({"app": deployment}),
            }
            for deployment, container in _WORKLOADS.items()
        ],
        # Knative's own 80 % would never let go of one pod, nor of one of two.
        "podDisruptionBudgets": [{"name": name, **ONE_AT_A_TIME} for name in ("activator-pdb", "webhook-pdb")],
    }


class Serverless(pulumi.ComponentResource):
    """The operator, and a KnativeServing that is Ready; `crds` is there as soon as Knative's kinds are.

    The KnativeServing depends on the operator's release, so it is deleted first and its finalizer runs.
    """

    crds: Resource

    def __init__(self, name: str, args: ServerlessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:platform:Serverless", name, None, opts)
        child = ResourceOptions(parent=self)
        # The chart has no way to set a seccomp profile.
        system = declare(of_part(OPERATOR_NAMESPACE, args.hardening, level="baseline", anyone=(_WEBHOOK,)), child)
        # The activator answers the gateway; the webhooks the API server.
        serving_namespace = of_part(NAMESPACE, args.hardening, anyone=(_WEBHOOK,), gateway=(8012, 8013, 8112))
        remains = Remains(
            "knative-remains",
            RemainsArgs(
                groups=GROUPS,
                namespace=system,
                reach=args.reach,
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
                "namespace": declare(serving_namespace, child),
                "annotations": {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "900"},
            },
            spec=self._spec(args),
            opts=ResourceOptions(
                parent=self, depends_on=[operator, *args.mesh], custom_timeouts=CustomTimeouts(delete=DELETED_WITHIN)
            ),
        )
        self.crds = Established(
            "knative-crds",
            EstablishedArgs(names=CRDS, reach=args.reach),
            ResourceOptions(parent=self, depends_on=[operator]),
        )
        self.register_outputs({})

    def _spec(self, args: ServerlessArgs) -> dict[str, Any]:
        # A mirror may be one that only the nodes reach, or that has no TLS.
        unasked = (*args.local_registries, *([args.images.mirror.partition("/")[0]] if args.images.mirror else []))
        own = own_images(args.images, str(args.spec.get("version", KNATIVE_SERVING)))
        return merged(merged(serving_spec(unasked, args.hardening), own), args.spec)
