"""An autoscaler's settings as Kubernetes has them: the `spec` of autoscaling/v2."""

from collections.abc import Mapping
from typing import Any

from components.settings.scaling import (
    Autoscaling,
    ContainerResourceMetric,
    Metric,
    ObjectMetric,
    ResourceMetric,
)


def metric(settings: Metric) -> dict[str, Any]:
    """One entry of `spec.metrics` (autoscaling/v2)."""
    wanted = target(settings)
    key = settings.type[0].lower() + settings.type[1:]
    if isinstance(settings, ResourceMetric | ContainerResourceMetric):
        source: dict[str, Any] = {"name": settings.name, "target": wanted}
        if isinstance(settings, ContainerResourceMetric):
            source["container"] = settings.container
        return {"type": settings.type, key: source}
    named: dict[str, Any] = {"name": settings.name}
    if settings.selector:
        named["selector"] = {"matchLabels": dict(settings.selector)}
    source = {"metric": named, "target": wanted}
    if isinstance(settings, ObjectMetric):
        version = settings.of.version
        source["describedObject"] = {"apiVersion": version, "kind": settings.of.kind, "name": settings.of.name}
    return {"type": settings.type, key: source}


def target(settings: Metric) -> dict[str, Any]:
    """What the metric is to be, with the type of that."""
    amount = settings.target.model_dump(by_alias=True, exclude_none=True)
    return {"type": _target_type(amount), **amount}


def _target_type(amount: Mapping[str, Any]) -> str:
    if "averageUtilization" in amount:
        return "Utilization"
    return "AverageValue" if "averageValue" in amount else "Value"


def spec(settings: Autoscaling, deployment: Any) -> dict[str, Any]:
    """The `spec` of autoscaling/v2, whichever form the settings have; it scales `deployment`, a name or an Output."""
    result: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
        "minReplicas": settings.min,
        "maxReplicas": settings.max,
        "metrics": [metric(entry) for entry in settings.declared],
    }
    if settings.behavior:
        result["behavior"] = settings.behavior.model_dump(by_alias=True, exclude_none=True)
    return result
