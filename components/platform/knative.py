"""Knative Serving, installed by its operator."""

from typing import Any

import pulumi_kubernetes as k8s
from pulumi import CustomTimeouts, ResourceOptions

from components.dynamic.crd_wait import CrdWait, CrdWaitArgs
from components.kubernetes.hardening import BEYOND_ANY_NODE, Hardening, resources
from components.kubernetes.placement import ONE_AT_A_TIME
from components.platform.part import PlatformPart
from components.settings.images import Images
from components.settings.merge import merged
from components.settings.parts import istio, knative
from components.settings.serving_version import carried, exact, is_carried
from components.settings.versions import KNATIVE_SERVING

# Since 1.19 they measure nothing unless they are told to; for the dashboards, on their port 9090.
METRICS = "prometheus"
# Its finalizer takes a minute; a destroy that waits longer says so.
DELETED_WITHIN = "5m"

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


def operator_values(images: Images, version: str) -> dict[str, Any]:
    def image(name: str) -> dict[str, Any]:
        return {
            **images.in_chart(f"{_RELEASES}/operator/cmd/{name}", version, ("image", "tag")),
            "resources": resources("10m", "64Mi", "512Mi", cpu_limit=BEYOND_ANY_NODE),
        }

    return {"knative_operator": {"knative_operator": image("operator"), "operator_webhook": image("webhook")}}


def serving_images(version: str) -> dict[str, str]:
    """What the operator installs for a version of Serving that it carries, by the keys of its `registry.override`."""
    beside = carried(version)
    tags = {**dict.fromkeys(_SERVING_IMAGES, exact(version)), **dict.fromkeys(_NET_ISTIO_IMAGES, beside.net_istio)}
    paths = {**_SERVING_IMAGES, **_NET_ISTIO_IMAGES}
    return {key: f"{_RELEASES}/{path}:v{tags[key]}" for key, path in paths.items()}


def own_images(images: Images, version: str) -> dict[str, Any]:
    """The part of the spec that takes Serving's images from elsewhere than the operator does, which has digests.

    The override does not reach the sidecar of the models (https://github.com/knative/operator/issues/2313).
    """
    named = serving_images(version) if is_carried(version) else {}
    if not any(images.changes(each) for each in named.values()):
        return {}
    override = {key: images.rewrite(each) for key, each in named.items()}
    return {"registry": {"override": override}, "config": {"deployment": {"queue-sidecar-image": override[QUEUE]}}}


def serving_spec(local_registries: tuple[str, ...], hardening: Hardening, gateway: str) -> dict[str, Any]:
    """The `spec` of KnativeServing (https://knative.dev/docs/install/operator/configuring-serving-cr/).

    Tags in `local_registries` are not resolved: Knative's controller asks over the pod network, where a registry on
    localhost is not. `gateway` is the namespace of Istio's gateway.
    """
    local, own, inside = knative.LOCAL_GATEWAY, knative.NAMESPACE.name, f"{gateway}.svc.cluster.local"
    small = {"requests": {"cpu": "10m", "memory": "40Mi"}, "limits": {"cpu": "500m", "memory": "300Mi"}}
    return {
        "version": KNATIVE_SERVING,
        "ingress": {"istio": {"enabled": True}},
        "high-availability": {"replicas": hardening.replicas},
        "config": {
            # Of the cluster alone: Slipway's own routes are the only way in.
            "domain": {"svc.cluster.local": ""},
            # In this form, by which the operator also tells where to put the Service.
            "istio": {
                f"gateway.{own}.knative-ingress-gateway": f"{istio.GATEWAY}.{inside}",
                f"local-gateway.{own}.{local}": f"{local}.{inside}",
            },
            "deployment": {
                # The value replaces Knative's own list, so that one is repeated.
                "registries-skipping-tag-resolving": ",".join(
                    ("kind.local", "ko.local", "dev.local", *local_registries)
                ),
                "progress-deadline": "600s",
            },
            "observability": {"metrics-protocol": METRICS},
            # What a model's settings may ask for; Knative refuses each of them unless it is named here.
            "features": {f"kubernetes.podspec-{field}": "enabled" for field in _POD_FIELDS},
        },
        "workloads": [
            {
                "name": deployment,
                "resources": [{"container": container, **small}],
                "topologySpreadConstraints": hardening.spread({"app": deployment}),
                # They read at their start what they are to measure.
                "annotations": {"slipway/metrics": METRICS},
            }
            for deployment, container in _WORKLOADS.items()
        ],
        # Knative's own 80 % would never let go of one pod, nor of one of two.
        "podDisruptionBudgets": [{"name": name, **ONE_AT_A_TIME} for name in ("activator-pdb", "webhook-pdb")],
    }


class Knative(PlatformPart):
    """The operator, and a KnativeServing that is Ready; other parts wait for no more than Knative's kinds.

    The KnativeServing depends on the operator's release, so it is deleted first and its finalizer runs.
    """

    part = knative.PART

    def install(self) -> None:
        context = self.args.context
        operator = self.release(
            "knative-operator", operator_values(context.images, context.charts.version("knative-operator"))
        )
        # Knative's network is made of Istio's resources.
        below = [operator, *self.args.usable(istio.PART)]
        k8s.apiextensions.CustomResource(
            "knative-serving",
            api_version="operator.knative.dev/v1beta1",
            kind="KnativeServing",
            metadata={
                "name": "knative-serving",
                "namespace": self.args.namespace(knative.NAMESPACE),
                "annotations": {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "900"},
            },
            spec=self._spec(),
            opts=ResourceOptions(parent=self, depends_on=below, custom_timeouts=CustomTimeouts(delete=DELETED_WITHIN)),
        )
        crds = CrdWait(
            # The kinds that KServe looks for when it starts.
            "knative-crds",
            CrdWaitArgs(names=[crd for crd, _ in self.part.kinds], connection=context.cluster.connection),
            # Beside the KnativeServing, from when that is made: before, there is nothing to wait for.
            ResourceOptions(parent=self, depends_on=below),
        )
        self.usable = (crds,)

    def _spec(self) -> dict[str, Any]:
        """Slipway's word, then the stack's own."""
        context = self.args.context
        images, registries, given = context.images, context.cluster.local_registries, context.settings.knative_serving
        # A mirror may be one that only the nodes reach, or that has no TLS.
        unasked = (*registries, *([images.mirror.partition("/")[0]] if images.mirror else []))
        own = own_images(images, str(given.get("version", KNATIVE_SERVING)))
        gateway = context.settings.ingress.gateway.namespace
        return merged(merged(serving_spec(unasked, self.args.hardening, gateway), own), given)
