"""A model's autoscaler as KEDA has it: the `spec` of a ScaledObject, and of the HPA that KEDA makes of it."""

from typing import Any

from components.settings import metric_query, quantity
from components.settings.autoscaler_manifest import metric as entry_of
from components.settings.autoscaler_manifest import spec as spec_of
from components.settings.autoscaler_manifest import target
from components.settings.scaling import (
    Autoscaling,
    ContainerResourceMetric,
    ExternalMetric,
    Labels,
    Metric,
    ObjectMetric,
    QueriedMetric,
    ResourceMetric,
)

API, KIND = "keda.sh/v1alpha1", "ScaledObject"


def follows_queries(settings: Autoscaling) -> bool:
    """Whether KEDA is needed for it; cpu and memory alone need none."""
    return any(isinstance(metric, QueriedMetric) for metric in settings.declared)


def query(settings: QueriedMetric, deployment: str, namespace: str) -> str:
    """The PromQL with what prometheus-adapter would fill in, as one value: KEDA takes no other."""
    labels = settings.labels or Labels()
    matchers = dict(settings.selector)
    group = "namespace"
    if labels.namespace or not isinstance(settings, ExternalMetric):
        matchers[labels.namespace or "namespace"] = namespace
    matched = [f'{name}="{value}"' for name, value in matchers.items()]
    if isinstance(settings, ObjectMetric):
        group = labels.object or settings.of.kind.lower()
        matched.append(f'{group}="{settings.of.name}"')
    elif not isinstance(settings, ExternalMetric):
        group = labels.object or "pod"
        matched.append(f'{group}=~"{deployment}-.+"')
    filled = metric_query.filled(settings, ",".join(matched), group)
    return f"sum({filled})"


def trigger(settings: Metric, deployment: str, namespace: str, prometheus: str) -> dict[str, Any]:
    """One entry of `spec.triggers` (https://keda.sh/docs/latest/scalers/prometheus)."""
    if isinstance(settings, ResourceMetric | ContainerResourceMetric):
        percent, amount = settings.target.average_utilization, settings.target.average_value
        container = {"containerName": settings.container} if isinstance(settings, ContainerResourceMetric) else {}
        return {
            "type": settings.name,
            "metricType": "AverageValue" if percent is None else "Utilization",
            "metadata": {"value": str(amount if percent is None else percent), **container},
        }
    wanted = target(settings)
    threshold = wanted.get("value") or wanted["averageValue"]
    return {
        "type": "prometheus",
        "metricType": wanted["type"],
        "metadata": {
            "serverAddress": prometheus,
            "query": query(settings, deployment, namespace),
            "threshold": f"{quantity.parse(str(threshold)):f}",
            # Nothing is no value: an HPA scales nothing down without one.
            "ignoreNullValues": "false",
        },
    }


def spec(settings: Autoscaling, name: str, deployment: Any, namespace: str, prometheus: str) -> dict[str, Any]:
    """The `spec` of the ScaledObject of the model `name`; `deployment` is what it scales, a name or an Output."""
    behavior = settings.behavior and settings.behavior.model_dump(by_alias=True, exclude_none=True)
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
        "minReplicaCount": settings.min,
        "maxReplicaCount": settings.max,
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "name": f"{name}-hpa",
                **({"behavior": behavior} if behavior else {}),
            }
        },
        "triggers": [trigger(metric, f"{name}-predictor", namespace, prometheus) for metric in settings.declared],
    }


def hpa_spec(settings: Autoscaling, name: str, deployment: Any) -> dict[str, Any]:
    """The `spec` of autoscaling/v2 that KEDA makes of it (kedacore/keda: controllers/keda/hpa.go)."""
    made = []
    for index, metric in enumerate(settings.declared):
        entry = entry_of(metric)
        if isinstance(metric, QueriedMetric):
            named = {
                "name": f"s{index}-prometheus",
                "selector": {"matchLabels": {"scaledobject.keda.sh/name": name}},
            }
            entry = {"type": "External", "external": {"metric": named, "target": target(metric)}}
        made.append(entry)
    return {**spec_of(settings, deployment), "metrics": made}
