"""Scaling settings that are right one by one and wrong together."""

from collections.abc import Iterator, Sequence

from components.settings import adapter_rules, metric_query, scaled_object
from components.settings.models import Model
from components.settings.problems import Path, Problem, fault, missing
from components.settings.scaling import (
    MODEL_CONTAINER,
    Autoscaling,
    ContainerResourceMetric,
    KnativeAutoscaling,
    Metric,
    ObjectMetric,
    PodsMetric,
    QueriedMetric,
    ResourceMetric,
    ScalingRules,
)
from components.settings.stack import Settings

# HPAConfigurableTolerance is on from here (https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/).
_TOLERANCE_SINCE = 35
# Istio's, in the pods of models with security.mutualTls.
SIDECAR = "istio-proxy"
_MOST_CORES = 256
_METRICS = {"kpa": ("concurrency", "rps"), "hpa": ("cpu", "memory")}


def autoscalers(settings: Settings) -> Iterator[Problem]:
    for index, model in enumerate(settings.models):
        yield from of_model(settings, model, ("models", index))


def of_model(settings: Settings, model: Model, at: Path) -> Iterator[Problem]:
    """The contradictions in the scaling of the model at `at`."""
    scaling, here = model.autoscaling, (*at, "autoscaling")
    if scaling is None:
        return
    if model.replicas is not None:
        yield fault(
            (*at, "replicas"), model.replicas, "the autoscaler owns the count; remove `replicas` or `autoscaling`"
        )
    if scaling.min > scaling.max:
        yield fault((*here, "min"), scaling.min, f"more than max {scaling.max}; write at most that")
    if isinstance(scaling, KnativeAutoscaling):
        yield from _knative(settings, model, scaling, here)
    else:
        yield from _standard(settings, model, scaling, here)


def check_queries(settings: Settings) -> Iterator[Problem]:
    """What the models' queries share: who answers them, and their names, by which alone the metrics API knows them."""
    platform = settings.platform
    asked = platform.metrics_adapter in ("install", "keda") and any(adapter_rules.queried(settings.models))
    if asked and platform.prometheus == "existing" and not platform.prometheus_url:
        yield fault(("platform", "prometheusUrl"), None, "write where the existing Prometheus answers in the cluster")
    first: dict[adapter_rules.Key, QueriedMetric] = {}
    for index, position, metric in adapter_rules.queried(settings.models):
        known = first.setdefault(adapter_rules.key(metric), metric)
        if adapter_rules.rule(known) != adapter_rules.rule(metric):
            yield fault(
                ("models", index, "autoscaling", "metrics", position, "name"),
                metric.name,
                "this name has another query above, and the metrics API knows it by the name alone; write another name",
            )


def _knative(settings: Settings, model: Model, scaling: KnativeAutoscaling, here: Path) -> Iterator[Problem]:
    kind, metric = scaling.autoscaler, scaling.followed
    if model.mode != "Knative":
        yield fault((*here, "class"), kind, "`class` is for mode: Knative; write that mode, or `metrics`")
        return
    if metric not in _METRICS[kind]:
        other = "hpa" if kind == "kpa" else "kpa"
        yield fault(
            (*here, "metric"), metric, f"class {kind} follows {' or '.join(_METRICS[kind])}; write class: {other}"
        )
        return
    if kind == "hpa":
        if scaling.min == 0:
            yield fault((*here, "min"), 0, "class hpa does not go to zero; write at least 1, or class: kpa")
        if settings.platform.metrics_server == "off":
            yield _no_metrics_server(here)
        if metric == "memory" and scaling.target is None:
            # Knative would take its default, which is of cpu: https://knative.dev/docs/serving/autoscaling/
            yield missing((*here, "target"), "memory has no default; write how many MiB a pod may use")
        if metric == "cpu" and scaling.target and scaling.target > 100 * _MOST_CORES:
            yield fault((*here, "target"), scaling.target, "percent of the cpu request; write less")
        if metric == "cpu" and model.resources.requests.cpu is None:
            yield fault((*here, "metric"), metric, "a percentage is of the request; write resources.requests.cpu")


def _standard(settings: Settings, model: Model, scaling: Autoscaling, here: Path) -> Iterator[Problem]:
    if model.mode == "Knative":
        yield fault(
            here,
            None,
            "Knative scales its own revisions and an HPA would fight it; write `class: kpa` or `class: hpa` with one "
            "`metric`, or mode: Standard",
        )
        return
    if scaling.min == 0:
        keda = settings.platform.metrics_adapter == "keda" and scaled_object.follows_queries(scaling)
        why = (
            "KEDA could go to zero, and requests would get 503 until a pod is there"
            if keda
            else ("an HPA does not go to zero")
        )
        yield fault((*here, "min"), 0, f"{why}; write at least 1, or mode: Knative with class: kpa")
    if bool(scaling.metrics) == (scaling.target_cpu_utilization_percentage is not None):
        yield fault(here, None, "write exactly one of `metrics` and `targetCPUUtilizationPercentage`")
        return
    if settings.platform.metrics_server == "off" and any(not isinstance(m, QueriedMetric) for m in scaling.declared):
        yield _no_metrics_server(here)
    for index, metric in enumerate(scaling.declared):
        old = scaling.target_cpu_utilization_percentage is not None
        yield from _metric(settings, model, metric, here if old else (*here, "metrics", index), old)
    yield from _tolerance(settings, scaling, here)


def _no_metrics_server(here: Path) -> Problem:
    return fault(
        here, None, "cpu and memory come from metrics-server; write platform.metricsServer: install or existing"
    )


def _metric(settings: Settings, model: Model, metric: Metric, path: Path, old: bool) -> Iterator[Problem]:
    target = metric.target
    if not isinstance(metric, PodsMetric):
        fields = type(target).model_fields
        if sum(getattr(target, name) is not None for name in fields) != 1:
            known = " and ".join(field.alias or name for name, field in fields.items())
            yield fault((*path, "target"), None, f"write exactly one of {known}")
    if isinstance(metric, ContainerResourceMetric):
        yield from _in_pod(settings, metric, path)
    if isinstance(metric, ResourceMetric | ContainerResourceMetric):
        percent, own = metric.target.average_utilization, _container(metric) == MODEL_CONTAINER
        if percent and own and getattr(model.resources.requests, metric.name) is None:
            yield fault(
                (*path, "targetCPUUtilizationPercentage") if old else (*path, "target", "averageUtilization"),
                percent,
                f"a percentage is of the request; write resources.requests.{metric.name}",
            )
        return
    if isinstance(metric, ObjectMetric) and metric.of.version is None:
        yield fault((*path, "of", "apiVersion"), None, f"write the API version of {metric.of.kind}, such as group/v1")
    yield from _source(settings, metric, path)


def _in_pod(settings: Settings, metric: ContainerResourceMetric, path: Path) -> Iterator[Problem]:
    known = (MODEL_CONTAINER, *((SIDECAR,) if settings.security.mutual_tls else ()))
    if metric.container not in known:
        remedy = f"no container of the model's pods; write {' or '.join(known)}"
        yield fault((*path, "container"), metric.container, remedy)


def _container(metric: ResourceMetric | ContainerResourceMetric) -> str:
    return metric.container if isinstance(metric, ContainerResourceMetric) else MODEL_CONTAINER


def _source(settings: Settings, metric: QueriedMetric, path: Path) -> Iterator[Problem]:
    """Where the metric's values come from."""
    platform, query = settings.platform, (*path, "query")
    if metric.query is None:
        if platform.metrics_adapter != "existing":
            yield fault(
                query,
                None,
                "a metric without a source; write its PromQL, or platform.metricsAdapter: existing where the cluster's "
                "own metrics API has it",
            )
        for name in ("series", "labels"):
            if getattr(metric, name):
                yield fault((*path, name), None, "only with `query`; remove it")
        return
    if platform.metrics_adapter == "existing":
        yield fault(
            query,
            None,
            "platform.metricsAdapter is existing, and Slipway does not change an adapter that it did not install; "
            "remove the query and write the rule there, or write platform.metricsAdapter: install",
        )
    elif platform.metrics_adapter == "off":
        yield fault(
            query, None, "a metric without a source: platform.metricsAdapter is off; write install, or existing"
        )
    elif platform.prometheus == "off":
        yield fault(query, None, "a metric without a source: platform.prometheus is off; write install, or existing")
    reason = metric_query.fault(metric)
    if not reason and platform.metrics_adapter == "keda":
        reason = metric_query.template_fault(metric)
    if reason:
        yield fault(query, None, reason)


def _tolerance(settings: Settings, scaling: Autoscaling, here: Path) -> Iterator[Problem]:
    version = settings.cluster.kubernetes
    if version and int(version.partition(".")[2]) >= _TOLERANCE_SINCE:
        return
    cluster = f"cluster.kubernetes is {version}" if version else "cluster.kubernetes does not say that it is newer"
    for key, rules in _directions(scaling):
        if rules is not None and rules.tolerance is not None:
            yield fault(
                (*here, "behavior", key, "tolerance"),
                rules.tolerance,
                f"an API server older than 1.{_TOLERANCE_SINCE} drops this field silently, and {cluster}; remove it, "
                f'or write the version that the cluster has, from "1.{_TOLERANCE_SINCE}"',
            )


def _directions(scaling: Autoscaling) -> Sequence[tuple[str, ScalingRules | None]]:
    behavior = scaling.behavior
    return (("scaleUp", behavior.scale_up), ("scaleDown", behavior.scale_down)) if behavior else ()


RULES = (autoscalers, check_queries)
