"""A HorizontalPodAutoscaler on a model's Deployment."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components import settings as s


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    settings: s.Autoscaling
    namespace: Input[str]
    deployment: Input[str]


def metric(settings: s.ResourceMetric) -> dict[str, Any]:
    """One entry of `spec.metrics` (autoscaling/v2)."""
    kind = "Utilization" if settings.target.average_utilization else "AverageValue"
    target = {"type": kind, **settings.target.model_dump(by_alias=True, exclude_none=True)}
    source: dict[str, Any] = {"name": settings.name, "target": target}
    if settings.container:
        source["container"] = settings.container
    return {"type": settings.type, settings.type[0].lower() + settings.type[1:]: source}


def spec(settings: s.Autoscaling, deployment: Input[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
        "minReplicas": settings.min,
        "maxReplicas": settings.max,
        "metrics": [metric(entry) for entry in settings.metrics],
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
        self.name = hpa.metadata["name"]
        self.register_outputs({"name": self.name})
