"""How a model scales, as a stack file says it: an HPA of Slipway's, or Knative's own autoscaler."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from components.settings.kubernetes_names import ApiVersion, Kind, LabelName, LabelValue, ObjectName
from components.settings.metric_names import MetricName, SeriesLabel, SeriesName
from components.settings.quantity import Quantity, Ratio
from components.settings.section import Natural, Positive, Section, Text
from components.settings.unread import UNREAD

# The one container of a model's pod; KServe insists on the name.
MODEL_CONTAINER = "kserve-container"

ResourceName = Literal["cpu", "memory"]


class ResourceTarget(Section):
    """Exactly one of the two."""

    average_utilization: Positive | None = Field(None, description="Percent of the request.")
    average_value: Quantity | None = None


class PodsTarget(Section):
    average_value: Quantity


class ValueTarget(Section):
    """Exactly one: the whole `value`, or an `averageValue` that is divided among the pods."""

    value: Quantity | None = None
    average_value: Quantity | None = None


class ResourceMetric(Section):
    """Use of cpu or memory, averaged over the pods."""

    type: Literal["Resource"]
    name: ResourceName
    target: ResourceTarget


class ContainerResourceMetric(Section):
    """Use of cpu or memory by one container, averaged over the pods."""

    type: Literal["ContainerResource"]
    name: ResourceName
    container: ObjectName = MODEL_CONTAINER
    target: ResourceTarget


class Labels(Section):
    """The labels by which a series belongs to a namespace and to an object (Pods: the pod)."""

    namespace: SeriesLabel | None = Field(None, description="Default: namespace; External metrics: none.")
    object: SeriesLabel | None = Field(None, description="Default: pod, or the object's kind in lower case.")


class QueriedMetric(Section):
    """A metric of the custom or the external API; `query` makes Slipway's prometheus-adapter serve it there."""

    name: MetricName
    selector: dict[LabelName, LabelValue] = Field(default_factory=dict, description="Labels that the metric must have.")
    query: Text | None = Field(
        None,
        description="PromQL in which <<.LabelMatchers>> and <<.GroupBy>> stand for what prometheus-adapter fills in, "
        "such as sum(rate(requests_total{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>). Leave it out where the cluster's "
        "own metrics API has the metric (platform.metricsAdapter: existing).",
    )
    series: SeriesName | None = Field(
        None, description="The series whose existence makes the metric exist; default: the query's first."
    )
    labels: Labels | None = None


class PodsMetric(QueriedMetric):
    """A metric that every pod has, averaged over the pods."""

    type: Literal["Pods"]
    target: PodsTarget


_API_VERSIONS = {"Ingress": "networking.k8s.io/v1", "Service": "v1", "Deployment": "apps/v1"}


class DescribedObject(Section):
    kind: Kind
    name: ObjectName
    api_version: ApiVersion | None = Field(
        None, description="Needed for kinds other than Ingress, Service and Deployment."
    )

    @property
    def version(self) -> str | None:
        """The API version: as given, or that of a kind which everybody has; None when it has to be given."""
        return self.api_version or _API_VERSIONS.get(self.kind)

    @property
    def group(self) -> str:
        """The API group; the core one is empty."""
        return (self.version or "").rpartition("/")[0]


class ObjectMetric(QueriedMetric):
    """A metric of one object in the models' namespace."""

    type: Literal["Object"]
    of: DescribedObject
    target: ValueTarget


class ExternalMetric(QueriedMetric):
    """A metric of something outside the cluster's objects, such as a queue."""

    type: Literal["External"]
    target: ValueTarget


def _type(value: Any) -> Any:
    return value.get("type") if isinstance(value, dict) else getattr(value, "type", None)


# By a function and not by the field's name: the field may be UNREAD.
Metric = Annotated[
    Annotated[ResourceMetric, Tag("Resource")]
    | Annotated[ContainerResourceMetric, Tag("ContainerResource")]
    | Annotated[PodsMetric, Tag("Pods")]
    | Annotated[ObjectMetric, Tag("Object")]
    | Annotated[ExternalMetric, Tag("External")],
    Discriminator(_type),
]


class ScalingPolicy(Section):
    type: Literal["Pods", "Percent"]
    value: Positive
    period_seconds: Annotated[int, Field(ge=1, le=1800)]


class ScalingRules(Section):
    stabilization_window_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    policies: Annotated[Sequence[ScalingPolicy], Field(min_length=1)] | None = None
    tolerance: Ratio | None = Field(
        None, description="How far from the target nothing is done, such as 0.05; needs Kubernetes 1.35."
    )


class Behavior(Section):
    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None


class Autoscaling(Section):
    """A HorizontalPodAutoscaler (autoscaling/v2) on the model's Deployment; mode Standard."""

    min: Natural = 1
    max: Positive
    metrics: Sequence[Metric] = Field((), min_length=1)
    target_cpu_utilization_percentage: Positive | None = Field(
        None, alias="targetCPUUtilizationPercentage", description="The form of autoscaling/v1, in place of `metrics`."
    )
    behavior: Behavior | None = None

    @property
    def declared(self) -> Sequence[Metric]:
        """The metrics, the form of autoscaling/v1 as its equal in v2."""
        if self.target_cpu_utilization_percentage is None:
            return self.metrics
        target = ResourceTarget.model_validate({"averageUtilization": self.target_cpu_utilization_percentage})
        return (ResourceMetric(type="Resource", name="cpu", target=target),)


class KnativeAutoscaling(Section):
    """Knative's own autoscaler on the model's revisions; mode Knative."""

    autoscaler: Literal["kpa", "hpa"] = Field(
        alias="class", description="kpa follows requests and can scale to zero; hpa follows cpu or memory."
    )
    metric: Literal["concurrency", "rps", "cpu", "memory"] | None = Field(
        None, description="kpa: concurrency (default) or rps; hpa: cpu (default) or memory."
    )
    target: Positive | None = Field(
        None, description="For each pod: requests at once, requests per second, percent of the cpu request, or MiB."
    )
    min: Natural = 1
    max: Positive

    @model_validator(mode="before")
    @classmethod
    def _one_metric(cls, data: Any) -> Any:
        metric = data.get("metric") if isinstance(data, dict) else None
        several = metric is not UNREAD and isinstance(metric, list)
        if several or (isinstance(data, dict) and "metrics" in data):
            raise ValueError(
                "a class of Knative's follows one metric; write `metric` and `target`, or, for several metrics, "
                "mode: Standard and `metrics` without `class`"
            )
        return data

    @property
    def followed(self) -> str:
        return self.metric or ("concurrency" if self.autoscaler == "kpa" else "cpu")


def _form(value: Any) -> str:
    of_knative = "class" in value if isinstance(value, dict) else isinstance(value, KnativeAutoscaling)
    return "Knative" if of_knative else "Standard"


# Which of the two it is depends on `class` alone, so that every error is about the form that was meant.
Scaling = Annotated[
    Annotated[Autoscaling, Tag("Standard")] | Annotated[KnativeAutoscaling, Tag("Knative")], Discriminator(_form)
]
