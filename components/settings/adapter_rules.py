"""The rules of prometheus-adapter that the models' metrics ask for.

A rule serves its metric to every namespace, so models that share a metric share its rule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from components.settings import metric_query
from components.settings.models import Model
from components.settings.scaling import Autoscaling, ExternalMetric, Labels, ObjectMetric, QueriedMetric

Api = Literal["custom", "external"]


@dataclass(frozen=True)
class Key:
    """What the metrics API knows a metric by. Of two rules with one key the adapter would use either."""

    api: Api
    resource: str
    name: str


def queried(models: Sequence[Model]) -> Iterator[tuple[int, int, QueriedMetric]]:
    """Index of the model, index of the metric, and the metric, for each one that has a query."""
    for index, model in enumerate(models):
        if isinstance(model.autoscaling, Autoscaling):
            for position, metric in enumerate(model.autoscaling.declared):
                if isinstance(metric, QueriedMetric) and metric.query:
                    yield index, position, metric


def key(metric: QueriedMetric) -> Key:
    if isinstance(metric, ExternalMetric):
        return Key("external", "", metric.name)
    owner = _owner(metric)
    return Key("custom", f"{owner['resource']}.{owner.get('group', '')}", metric.name)


def rule(metric: QueriedMetric) -> dict[str, Any]:
    """The rule of one metric with a query (docs/config.md of prometheus-adapter)."""
    labels = metric.labels or Labels()
    matchers: list[str] = []
    resources: dict[str, Any] = {"overrides": {}}
    if isinstance(metric, ExternalMetric) and not labels.namespace:
        # The queue's exporter lives where it wants, and not beside the model.
        resources = {"namespaced": False}
    else:
        namespace = labels.namespace or "namespace"
        matchers.append(f'{namespace}!=""')
        resources["overrides"][namespace] = {"resource": "namespace"}
    if not isinstance(metric, ExternalMetric):
        owner = _owner(metric)
        label = labels.object or owner["resource"]
        matchers.append(f'{label}!=""')
        resources["overrides"][label] = owner
    selector = f"{{{','.join(matchers)}}}" if matchers else ""
    return {
        "seriesQuery": f"{metric_query.series(metric)}{selector}",
        "resources": resources,
        "name": {"as": metric.name},
        "metricsQuery": metric.query,
    }


def rules(models: Sequence[Model]) -> dict[Api, list[dict[str, Any]]]:
    """`rules.custom` and `rules.external` of the chart, each metric once."""
    found: dict[Api, list[dict[str, Any]]] = {"custom": [], "external": []}
    for known, metric in {key(metric): metric for _, _, metric in queried(models)}.items():
        found[known.api].append(rule(metric))
    return found


def _owner(metric: QueriedMetric) -> dict[str, str]:
    """The resource that has the metric, as the adapter names it."""
    if not isinstance(metric, ObjectMetric):
        return {"resource": "pod"}
    name = {"resource": metric.of.kind.lower()}
    return {**name, "group": metric.of.group} if metric.of.group else name
