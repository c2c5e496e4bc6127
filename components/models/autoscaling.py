"""A HorizontalPodAutoscaler on a model's Deployment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components import settings as s
from components.settings.scaling import ContainerResourceMetric, Metric, ObjectMetric, ResourceMetric


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    settings: s.Autoscaling
    namespace: Input[str]
    deployment: Input[str]


def metric(settings: Metric) -> dict[str, Any]:
    """One entry of `spec.metrics` (autoscaling/v2)."""
    amount = settings.target.model_dump(by_alias=True, exclude_none=True)
    target = {"type": _target_type(amount), **amount}
    key = settings.type[0].lower() + settings.type[1:]
    if isinstance(settings, ResourceMetric | ContainerResourceMetric):
        source: dict[str, Any] = {"name": settings.name, "target": target}
        if isinstance(settings, ContainerResourceMetric):
            source["container"] = settings.container
        return {"type": settings.type, key: source}
    named: dict[str, Any] = {"name": settings.name}
    if settings.selector:
        named["selector"] = {"matchLabels": dict(settings.selector)}
    source = {"metric": named, "target": target}
    if isinstance(settings, ObjectMetric):
        version = settings.of.version
        source["describedObject"] = {"apiVersion": version, "kind": settings.of.kind, "name": settings.of.name}
    return {"type": settings.type, key: source}


def _target_type(amount: Mapping[str, Any]) -> str:
    if "averageUtilization" in amount:
        return "Utilization"
    return "AverageValue" if "averageValue" in amount else "Value"


def spec(settings: s.Autoscaling, deployment: Input[str]) -> dict[str, Any]:
    """The `spec` of autoscaling/v2, whichever form the settings have."""
    result: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
        "minReplicas": settings.min,
        "maxReplicas": settings.max,
        "metrics": [metric(entry) for entry in settings.declared],
    }
    if settings.behavior:
        result["behavior"] = settings.behavior.model_dump(by_alias=True, exclude_none=True)
    return result


class Autoscaler(pulumi.ComponentResource):
    """Named `<model>-hpa`: one named like the Deployment would be taken over, and then deleted, by KServe."""

    name: Output[str]

    def __init__(self, name: str, args: AutoscalerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:models:Autoscaler", name, None, opts)
        hpa = k8s.autoscaling.v2.HorizontalPodAutoscaler(
            f"{name}-hpa",
            metadata={"name": f"{name}-hpa", "namespace": args.namespace},
            spec=spec(args.settings, args.deployment),
            opts=ResourceOptions(parent=self),
        )
        if args.settings.target_cpu_utilization_percentage is not None:
            equal = json.dumps([metric(entry) for entry in args.settings.declared])
            pulumi.info(f"targetCPUUtilizationPercentage is, in autoscaling/v2, metrics: {equal}", self)
        self.name = hpa.metadata["name"]
        self.register_outputs({"name": self.name})
