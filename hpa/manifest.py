"""Read an autoscaler: an autoscaling/v2 spec as manifests and Pulumi have it, with the defaults of the API filled in.

Defaults: `pkg/apis/autoscaling/v2/defaults.go` of k8s.io/kubernetes v1.34.4.
"""

import math
from collections.abc import Mapping
from typing import Any, get_args

from components.settings import quantity
from hpa.problem import HpaError
from hpa.spec import (
    DEFAULT_DOWN,
    DEFAULT_UP,
    Autoscaler,
    Behavior,
    Metric,
    Policy,
    PolicyKind,
    Rules,
    Select,
    Source,
)

DEFAULT_METRICS = [
    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
]


def autoscaler(manifest: Any, where: str) -> Autoscaler:
    """The autoscaler of a whole manifest. Raises HpaError, which begins with `where`."""
    form = manifest if isinstance(manifest, Mapping) else {}
    if form.get("kind") != "HorizontalPodAutoscaler" or form.get("apiVersion") != "autoscaling/v2":
        raise HpaError(f"{where}: write a HorizontalPodAutoscaler of apiVersion autoscaling/v2")
    return from_spec(form.get("spec"), f"{where}: spec")


def from_spec(spec: Any, where: str) -> Autoscaler:
    """The autoscaler of an autoscaling/v2 `spec`. Raises HpaError, which begins with `where`."""
    fields = _mapping(spec, where)
    low = _integer(fields.get("minReplicas", 1), f"{where}.minReplicas", least=0)
    high = _integer(fields.get("maxReplicas"), f"{where}.maxReplicas", least=1)
    if low > high:
        raise HpaError(f"{where}.minReplicas: {low}: write at most maxReplicas, which is {high}")
    entries = fields.get("metrics") or DEFAULT_METRICS
    metrics = tuple(_metric(entry, f"{where}.metrics[{index}]") for index, entry in enumerate(entries))
    if low == 0 and not any(metric.source in ("Object", "External") for metric in metrics):
        raise HpaError(f"{where}.minReplicas: 0: scaling to zero needs an Object or External metric")
    return Autoscaler(low, high, metrics, behavior(fields.get("behavior"), f"{where}.behavior"))


def behavior(value: Any, where: str) -> Behavior | None:
    """Both directions once either is given. Raises HpaError."""
    if value is None:
        return None
    fields = _mapping(value, where)
    return Behavior(
        up=_rules(fields.get("scaleUp"), DEFAULT_UP, f"{where}.scaleUp"),
        down=_rules(fields.get("scaleDown"), DEFAULT_DOWN, f"{where}.scaleDown"),
    )


def milli(value: Any, where: str) -> int:
    """Thousandths of a quantity, rounded up (`Quantity.MilliValue`). Raises HpaError."""
    try:
        return math.ceil(quantity.parse(str(value)) * 1000)
    except ValueError as error:
        raise HpaError(f"{where}: {value}: {error}") from None


def _metric(value: Any, where: str) -> Metric:
    fields = _mapping(value, where)
    source: Source = _one_of(fields.get("type"), Source, f"{where}.type")
    key = source[0].lower() + source[1:]
    part = _mapping(fields.get(key), f"{where}.{key}")
    name = part.get("name") or _mapping(part.get("metric", {}), f"{where}.{key}.metric").get("name")
    if not name:
        raise HpaError(f"{where}.{key}: name the metric")
    target = _mapping(part.get("target"), f"{where}.{key}.target")
    kind, amount = _target(source, target, f"{where}.{key}.target")
    return Metric(source, str(name), kind, amount, str(part.get("container", "")))


def _target(source: Source, target: Mapping[str, Any], where: str) -> tuple[Any, int]:
    allowed = {
        "Resource": ("averageValue", "averageUtilization"),
        "ContainerResource": ("averageValue", "averageUtilization"),
        "Pods": ("averageValue",),
        "Object": ("averageValue", "value"),
        "External": ("averageValue", "value"),
    }[source]
    given = [key for key in allowed if target.get(key) is not None]
    if len(given) != 1:
        raise HpaError(f"{where}: a {source} metric takes one of {' and '.join(allowed)}")
    place, value = f"{where}.{given[0]}", target[given[0]]
    if given[0] == "averageUtilization":
        return "Utilization", _integer(value, place, least=1)
    amount = milli(value, place)
    if amount <= 0:
        raise HpaError(f"{place}: {value}: write more than zero")
    return given[0][0].upper() + given[0][1:], amount


def _rules(value: Any, default: Rules, where: str) -> Rules:
    fields = _mapping({} if value is None else value, where)
    window, tolerance = fields.get("stabilizationWindowSeconds"), fields.get("tolerance")
    policies = fields.get("policies")
    if policies is not None and not policies:
        raise HpaError(f"{where}.policies: write at least one, or leave the key out")
    return Rules(
        policies=default.policies
        if policies is None
        else tuple(_policy(entry, f"{where}.policies[{index}]") for index, entry in enumerate(policies)),
        window=default.window
        if window is None
        else _integer(window, f"{where}.stabilizationWindowSeconds", least=0, most=3600),
        select=_one_of(fields.get("selectPolicy") or default.select, Select, f"{where}.selectPolicy"),
        tolerance=None if tolerance is None else milli(tolerance, f"{where}.tolerance") / 1000,
    )


def _policy(value: Any, where: str) -> Policy:
    fields = _mapping(value, where)
    return Policy(
        _one_of(fields.get("type"), PolicyKind, f"{where}.type"),
        _integer(fields.get("value"), f"{where}.value", least=1),
        _integer(fields.get("periodSeconds"), f"{where}.periodSeconds", least=1, most=1800),
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise HpaError(f"{where}: {'missing' if value is None else value}: write a mapping")
    return value


def _integer(value: Any, where: str, least: int, most: int = 2**31 - 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        limits = f"of at least {least}" if most == 2**31 - 1 else f"from {least} to {most}"
        raise HpaError(f"{where}: {'missing' if value is None else value}: write a whole number {limits}")
    return value


def _one_of(value: Any, choices: Any, where: str) -> Any:
    if value not in get_args(choices):
        known = ", ".join(get_args(choices))
        raise HpaError(f"{where}: {'missing' if value is None else value}: write one of {known}")
    return value
