"""A model's autoscaler: a HorizontalPodAutoscaler on its Deployment, or the ScaledObject that KEDA makes one of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, Resource, ResourceOptions

from components import settings as s
from components.settings import scaled_object
from components.settings.autoscaler_manifest import metric, spec


@dataclass(frozen=True, kw_only=True)
class Keda:
    """What KEDA must know besides: the namespace's name, and where Prometheus answers."""

    namespace: str
    prometheus: str
    ready: Sequence[Resource]


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    settings: s.Autoscaling
    namespace: Output[str]
    deployment: Input[str]
    keda: Keda | None = None


def autoscaler(name: str, args: AutoscalerArgs, opts: ResourceOptions) -> None:
    """Named `<model>-hpa`: one named like the Deployment would be taken over, and then deleted, by KServe."""
    made = _scaled_object(name, args, args.keda, opts) if args.keda else _hpa(name, args, opts)
    if args.settings.target_cpu_utilization_percentage is not None:
        equal = json.dumps([metric(entry) for entry in args.settings.declared])
        pulumi.info(f"targetCPUUtilizationPercentage is, in autoscaling/v2, metrics: {equal}", made)


def _hpa(name: str, args: AutoscalerArgs, opts: ResourceOptions) -> Resource:
    return k8s.autoscaling.v2.HorizontalPodAutoscaler(
        f"{name}-hpa",
        metadata={"name": f"{name}-hpa", "namespace": args.namespace},
        spec=spec(args.settings, args.deployment),
        opts=opts,
    )


def _scaled_object(name: str, args: AutoscalerArgs, keda: Keda, opts: ResourceOptions) -> Resource:
    return k8s.apiextensions.CustomResource(
        f"{name}-scaled-object",
        api_version=scaled_object.API,
        kind=scaled_object.KIND,
        metadata={
            "name": name,
            "namespace": args.namespace,
            # Where prometheus-adapter was before, its HPA is there and has this name.
            "annotations": {"scaledobject.keda.sh/transfer-hpa-ownership": "true"},
        },
        spec=scaled_object.spec(args.settings, name, args.deployment, keda.namespace, keda.prometheus),
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[*keda.ready])),
    )
