"""A model behind KServe: an InferenceService with the model's own image as its container."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as k8s
from pulumi import CustomTimeouts, Input, Output, Resource, ResourceOptions

from components import settings as s
from components.kubernetes import placement, pods
from components.kubernetes.namespaces import MODEL_ACCOUNT
from components.serving.protocol import GRPC_PORT, HTTP_PORT, METRICS_PORT, MODEL
from components.settings.merge import merged

_UID = 1000
# Seconds that a pod which is to go still serves: the gateway learns of it later than the pod.
_SERVES_ON = 10
# KServe (Standard) and Knative open nothing to the world by themselves: the gateway's routes do.
LABELS = {
    "networking.kserve.io/visibility": "cluster-local",
    "networking.knative.dev/visibility": "cluster-local",
}


@dataclass(frozen=True, kw_only=True)
class InferenceServiceArgs:
    model: s.Model
    namespace: Output[str]
    image: Input[str]
    version: Input[str]
    # A sidecar that takes requests from the mesh alone.
    mutual_tls: bool = False
    # KServe, and what runs the pods, where this stack installs them.
    serving: Sequence[Resource]
    # Whether to spread the pods: a Knative that is there may refuse it.
    spread: bool = True


def annotations(model: s.Model) -> dict[str, str]:
    """KServe's own HPA is kept out where Slipway's scales (`external`); `none` makes it hold the fixed count."""
    if model.mode == "Knative":
        rollout = f"{model.rollout_seconds}s" if model.rollout_seconds else None
        return {
            "serving.kserve.io/deploymentMode": "Knative",
            **({"serving.knative.dev/rollout-duration": rollout} if rollout else {}),
            **_knative_scaling(model.autoscaling),
        }
    scaling = "external" if model.autoscaling else "none"
    return {"serving.kserve.io/deploymentMode": "Standard", "serving.kserve.io/autoscalerClass": scaling}


def _knative_scaling(scaling: s.Autoscaling | s.KnativeAutoscaling | None) -> dict[str, str]:
    """Annotations that KServe hands on to the revisions.

    Not the predictor's `scaleMetric` and `scaleTarget`: KServe refuses a target above 100 there, for MiB of memory too.
    """
    if not isinstance(scaling, s.KnativeAutoscaling):
        return {}
    result = {"class": f"{scaling.autoscaler}.autoscaling.knative.dev", "metric": scaling.followed}
    if scaling.target is not None:
        result["target"] = str(scaling.target)
    return {f"autoscaling.knative.dev/{key}": value for key, value in result.items()}


def scale(model: s.Model) -> dict[str, int]:
    """`minReplicas` and `maxReplicas`; with an autoscaler of ours neither, because the HPA alone owns the count."""
    if isinstance(model.autoscaling, s.KnativeAutoscaling):
        return {"minReplicas": model.autoscaling.min, "maxReplicas": model.autoscaling.max}
    if model.autoscaling:
        return {}
    count = model.replicas or 1
    return {"minReplicas": count, "maxReplicas": count}


def labels(model: s.Model) -> dict[str, str]:
    """Of every pod of the model, in both modes and of every version."""
    return {"serving.kserve.io/inferenceservice": model.name}


def fewest(model: s.Model) -> int:
    """How many pods the model has at least."""
    return model.autoscaling.min if model.autoscaling else model.replicas or 1


def most(model: s.Model) -> int:
    """How many pods the model has at most."""
    return model.autoscaling.max if model.autoscaling else model.replicas or 1


def placed(model: s.Model, *, spread: bool) -> dict[str, Any]:
    """What the predictor says of the nodes that its pods may be on."""
    fields = {
        "nodeSelector": dict(model.node_selector),
        "tolerations": [each.model_dump(exclude_none=True) for each in model.tolerations],
        "priorityClassName": model.priority_class,
        "topologySpreadConstraints": placement.spread(labels(model)) if spread and most(model) > 1 else [],
    }
    return {name: value for name, value in fields.items() if value}


def resources(model: s.Model) -> dict[str, Any]:
    """The container's `resources`; of an accelerator the limit is the request too."""
    if not model.gpus:
        return model.resources.manifest()
    gpus = {model.gpus.resource: str(model.gpus.count)}
    return merged(model.resources.manifest(), {"requests": gpus, "limits": gpus})


def _ports(model: s.Model) -> list[dict[str, Any]]:
    """The first is the Service's 80; KServe gives each other one as it is, and the mesh goes by its name."""
    http = {"containerPort": HTTP_PORT, "protocol": "TCP"}
    if not model.grpc:
        return [http]
    return [{**http, "name": "http"}, {"name": "grpc", "containerPort": GRPC_PORT, "protocol": "TCP"}]


def container(model: s.Model, image: Input[str], version: Input[str]) -> dict[str, Any]:
    ready = pods.http_probe(f"/v2/models/{MODEL}/ready", HTTP_PORT, timeoutSeconds=5)
    return {
        "name": "kserve-container",
        "image": image,
        "env": [{"name": "PROTOCOL", "value": "v2"}, {"name": "MLSERVER_MODEL_VERSION", "value": version}],
        "ports": _ports(model),
        "resources": resources(model),
        "securityContext": {
            **pods.CONTAINER,
            "runAsNonRoot": True,
            "runAsUser": _UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 300},
        "readinessProbe": {**ready, "periodSeconds": 5},
        # The model's own readiness, not the server's: MLServer lives on after somebody has unloaded its only model.
        "livenessProbe": {**ready, "periodSeconds": 20, "failureThreshold": 6},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        # Knative's own container sees to it, and its webhook refuses another's.
        **({} if model.mode == "Knative" else {"lifecycle": {"preStop": {"sleep": {"seconds": _SERVES_ON}}}}),
    }


_SIDECAR = {
    "labels": {"sidecar.istio.io/inject": "true"},
    # Of the pod: Istio's own containers say nothing of it, and Pod Security "restricted" would refuse them.
    "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
}
# The metrics stay in the clear, at their own port: Prometheus is outside of the mesh.
_SIDECAR_ANNOTATIONS = {
    "traffic.sidecar.istio.io/excludeInboundPorts": str(METRICS_PORT),
    "prometheus.istio.io/merge-metrics": "false",
}


def spec(
    model: s.Model, image: Input[str], version: Input[str], *, spread: bool = True, mutual_tls: bool = False
) -> Mapping[str, Any]:
    sidecar = _SIDECAR if mutual_tls else {}
    return {
        "predictor": {
            **sidecar,
            # KServe hands these on to the pods: MLServer's metrics are on a port of their own.
            "annotations": {
                "prometheus.io/scrape": "true",
                "prometheus.io/port": str(METRICS_PORT),
                "prometheus.io/path": "/metrics",
                **(_SIDECAR_ANNOTATIONS if mutual_tls else {}),
            },
            "automountServiceAccountToken": False,
            "serviceAccountName": MODEL_ACCOUNT,
            **scale(model),
            **placed(model, spread=spread),
            "containers": [container(model, image, version)],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        }
    }


def inference_service(name: str, args: InferenceServiceArgs, opts: ResourceOptions) -> k8s.apiextensions.CustomResource:
    """Declare the service, and how many of its pods may go at a time."""
    # Not awaited: KServe copies observedGeneration from the child Deployment (kserve/kserve#6081), so Ready can be
    # stale or never come after an update. A prediction is the gate.
    service = k8s.apiextensions.CustomResource(
        name,
        api_version="serving.kserve.io/v1beta1",
        kind="InferenceService",
        metadata={
            "name": args.model.name,
            "namespace": args.namespace,
            "labels": LABELS,
            "annotations": annotations(args.model),
        },
        spec=spec(args.model, args.image, args.version, spread=args.spread, mutual_tls=args.mutual_tls),
        opts=ResourceOptions.merge(
            opts,
            ResourceOptions(
                depends_on=list(args.serving),
                replace_on_changes=[
                    # KServe's webhook refuses a change of the mode.
                    'metadata.annotations["serving.kserve.io/deploymentMode"]',
                    # KServe leaves the Ingress of a service that was open before.
                    'metadata.labels["networking.kserve.io/visibility"]',
                ],
                delete_before_replace=True,
                # Knative's pods take a minute; a destroy that waits longer says so.
                custom_timeouts=CustomTimeouts(delete="5m"),
            ),
        ),
    )
    if fewest(args.model) > 1:
        placement.budget(name, namespace=args.namespace, labels=labels(args.model), opts=opts)
    return service


def deployment(service: k8s.apiextensions.CustomResource) -> Output[str]:
    """What an autoscaler scales in Standard mode; the id is <namespace>/<name>, and is known when it is there."""
    return service.id.apply(lambda id_: f"{id_.rpartition('/')[2]}-predictor")
