"""Autoscalers of older API versions, as autoscaling/v2 says the same.

The rules are those of `pkg/apis/autoscaling/{v1,v2beta1,v2beta2}/conversion.go` of k8s.io/kubernetes.
"""

import json
from collections.abc import Mapping
from typing import Any

from hpa.problem import HpaError

CURRENT = "autoscaling/v2"
VERSIONS = ("autoscaling/v1", CURRENT, "autoscaling/v2beta1", "autoscaling/v2beta2")
# The annotations in which v1 carries what it has no fields for.
METRICS = "autoscaling.alpha.kubernetes.io/metrics"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
_GONE = {"autoscaling/v2beta1": "1.25", "autoscaling/v2beta2": "1.26"}


def note(version: str) -> str | None:
    """What to know about a version that is old."""
    if version in _GONE:
        return f"{version} is gone from Kubernetes {_GONE[version]} on: write {CURRENT}"
    return None


def converted(version: str, spec: Mapping[str, Any], annotations: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The `spec` of autoscaling/v2. What does not fit stays as it is, for the reading to refuse. Raises HpaError."""
    if version == "autoscaling/v1":
        return _of_v1(spec, annotations, where)
    if version == "autoscaling/v2beta1":
        metrics = spec.get("metrics")
        converted_spec = (
            {**spec, "metrics": [_metric(entry) for entry in metrics]} if isinstance(metrics, list) else spec
        )
        return {**converted_spec, **_behavior(annotations, where)}
    return spec


def _of_v1(spec: Mapping[str, Any], annotations: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    result = {key: value for key, value in spec.items() if key != "targetCPUUtilizationPercentage"}
    for key in ("metrics", "behavior"):
        if key in spec:
            raise HpaError(f"{where}.{key}: autoscaling/v1 has no such key: write apiVersion: {CURRENT}")
    metrics = [_metric(entry) for entry in _annotation(annotations, METRICS, list, where)]
    percent = spec.get("targetCPUUtilizationPercentage")
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    return {**result, **({"metrics": metrics} if metrics else {}), **_behavior(annotations, where)}


def _behavior(annotations: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    # The annotation has the API server's internal form, whose keys begin with capitals.
    found = _lowered(_annotation(annotations, BEHAVIOR, dict, where))
    return {"behavior": found} if found else {}


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lowered(item) for key, item in value.items() if item is not None}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def _annotation(annotations: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    text = annotations.get(key)
    if text is None:
        return kind()
    try:
        value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise HpaError(f"{where}: the annotation {key} is not what Kubernetes writes: leave it out")
    return value


def _metric(entry: Any) -> Any:
    """A metric of v2beta1."""
    if not isinstance(entry, Mapping):
        return entry
    result = dict(entry)
    for key, convert in (
        ("resource", _resource),
        ("containerResource", _resource),
        ("pods", _named),
        ("object", _object),
        ("external", _named),
    ):
        if isinstance(entry.get(key), Mapping):
            result[key] = convert(entry[key])
    return result


def _target(kind: str, **amounts: Any) -> dict[str, Any]:
    return {"type": kind, **{key: value for key, value in amounts.items() if value is not None}}


def _resource(part: Mapping[str, Any]) -> dict[str, Any]:
    percent, average = part.get("targetAverageUtilization"), part.get("targetAverageValue")
    kind = "AverageValue" if percent is None else "Utilization"
    return {
        **_others(part, "targetAverageUtilization", "targetAverageValue"),
        "target": _target(kind, averageUtilization=percent, averageValue=average),
    }


def _named(part: Mapping[str, Any]) -> dict[str, Any]:
    value, average = part.get("targetValue"), part.get("targetAverageValue")
    kind = "AverageValue" if value is None else "Value"
    return {
        **_others(part, "metricName", "metricSelector", "selector", "targetValue", "targetAverageValue"),
        "metric": _identifier(part),
        "target": _target(kind, value=value, averageValue=average),
    }


def _object(part: Mapping[str, Any]) -> dict[str, Any]:
    value, average = part.get("targetValue"), part.get("averageValue")
    kind = "Value" if average is None else "AverageValue"
    return {
        **_others(part, "metricName", "selector", "targetValue", "averageValue"),
        "describedObject": part.get("target"),
        "metric": _identifier(part),
        "target": _target(kind, value=value, averageValue=average),
    }


def _identifier(part: Mapping[str, Any]) -> dict[str, Any]:
    selector = part.get("metricSelector", part.get("selector"))
    return {"name": part.get("metricName"), **({"selector": selector} if selector is not None else {})}


def _others(part: Mapping[str, Any], *known: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in known}
