"""A HorizontalPodAutoscaler on a model's Deployment."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components import settings as s
from components.moved import moved
from components.settings.autoscaler_manifest import metric, spec


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    settings: s.Autoscaling
    namespace: Output[str]
    deployment: Input[str]


def autoscaler(name: str, args: AutoscalerArgs, opts: ResourceOptions) -> None:
    """Named `<model>-hpa`: one named like the Deployment would be taken over, and then deleted, by KServe."""
    hpa = k8s.autoscaling.v2.HorizontalPodAutoscaler(
        f"{name}-hpa",
        metadata={"name": f"{name}-hpa", "namespace": args.namespace},
        spec=spec(args.settings, args.deployment),
        opts=moved(opts, "slipway:models:Autoscaler", name),
    )
    if args.settings.target_cpu_utilization_percentage is not None:
        equal = json.dumps([metric(entry) for entry in args.settings.declared])
        pulumi.info(f"targetCPUUtilizationPercentage is, in autoscaling/v2, metrics: {equal}", hpa)
