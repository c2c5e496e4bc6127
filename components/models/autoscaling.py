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


class Autoscaler(pulumi.ComponentResource):
    """Named `<model>-hpa`: one named like the Deployment would be taken over, and then deleted, by KServe."""

    name: Output[str]

    def __init__(self, name: str, args: AutoscalerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:models:Autoscaler", name, None, opts)
        if args.keda:
            self.name = self._scaled_object(name, args, args.keda)
        else:
            self.name = self._hpa(name, args)
        if args.settings.target_cpu_utilization_percentage is not None:
            equal = json.dumps([metric(entry) for entry in args.settings.declared])
            pulumi.info(f"targetCPUUtilizationPercentage is, in autoscaling/v2, metrics: {equal}", self)
        self.register_outputs({"name": self.name})

    def _hpa(self, name: str, args: AutoscalerArgs) -> Output[str]:
        hpa = k8s.autoscaling.v2.HorizontalPodAutoscaler(
            f"{name}-hpa",
            metadata={"name": f"{name}-hpa", "namespace": args.namespace},
            spec=spec(args.settings, args.deployment),
            opts=ResourceOptions(parent=self),
        )
        return hpa.metadata["name"]

    def _scaled_object(self, name: str, args: AutoscalerArgs, keda: Keda) -> Output[str]:
        made = k8s.apiextensions.CustomResource(
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
            opts=ResourceOptions(parent=self, depends_on=[*keda.ready]),
        )
        return made.urn.apply(lambda _: f"{name}-hpa")
