"""Read an autoscaler: an autoscaling/v2 spec as manifests and Pulumi have it, with the defaults of the API filled in.

What the API server of Kubernetes 1.34 refuses is refused, and so is what it would drop without a word. Defaults and
rules: `pkg/apis/autoscaling/{v2/defaults,validation/validation}.go` of k8s.io/kubernetes v1.34.4.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from hpa import conversion, quantity
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
# What metrics-server measures.
RESOURCES = ("cpu", "memory")
# The keys of a target, and the type that goes with each.
AMOUNTS = {"value": "Value", "averageValue": "AverageValue", "averageUtilization": "Utilization"}
_ALLOWED: Mapping[Source, Sequence[str]] = {
    "Resource": ("averageUtilization", "averageValue"),
    "ContainerResource": ("averageUtilization", "averageValue"),
    "Pods": ("averageValue",),
    "Object": ("value", "averageValue"),
    "External": ("value", "averageValue"),
}
_OF_SOURCE: Mapping[Source, Sequence[str]] = {
    "Resource": ("name", "target"),
    "ContainerResource": ("name", "container", "target"),
    "Pods": ("metric", "target"),
    "Object": ("describedObject", "metric", "target"),
    "External": ("metric", "target"),
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


def autoscaler(manifest: Any, where: str) -> Autoscaler:
    """The autoscaler of a whole manifest. Raises HpaError, which begins with `where`."""
    return from_spec(spec_of(manifest, where), f"{where}: spec")


def spec_of(manifest: Any, where: str) -> Mapping[str, Any]:
    """The autoscaling/v2 `spec` of a manifest of any version. Raises HpaError, which begins with `where`."""
    form = manifest if isinstance(manifest, Mapping) else {}
    version = form.get("apiVersion")
    if form.get("kind") != "HorizontalPodAutoscaler" or version not in conversion.VERSIONS:
        raise HpaError(
            f"{where}: write a HorizontalPodAutoscaler of apiVersion {conversion.CURRENT} "
            f"(or {', '.join(sorted(set(conversion.VERSIONS) - {conversion.CURRENT}))})"
        )
    known(form, ("apiVersion", "kind", "metadata", "spec", "status"), where)
    metadata = mapping(form.get("metadata", {}), f"{where}: metadata")
    annotations = mapping(metadata.get("annotations") or {}, f"{where}: metadata.annotations")
    spec = mapping(form.get("spec"), f"{where}: spec")
    return conversion.converted(str(version), spec, annotations, f"{where}: spec")


def from_spec(spec: Any, where: str) -> Autoscaler:
    """The autoscaler of an autoscaling/v2 `spec`. Raises HpaError, which begins with `where`."""
    fields = known(mapping(spec, where), ("scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"), where)
    reference(fields.get("scaleTargetRef"), f"{where}.scaleTargetRef")
    least = fields.get("minReplicas")
    low = _integer(1 if least is None else least, f"{where}.minReplicas", least=0)
    high = _integer(fields.get("maxReplicas"), f"{where}.maxReplicas", least=1)
    if low > high:
        raise HpaError(f"{where}.minReplicas: {low}: write at most maxReplicas, which is {high}")
    entries = _list(fields.get("metrics"), f"{where}.metrics") or DEFAULT_METRICS
    metrics = tuple(_metric(entry, f"{where}.metrics[{index}]") for index, entry in enumerate(entries))
    if low == 0 and not any(metric.source in ("Object", "External") for metric in metrics):
        raise HpaError(f"{where}.minReplicas: 0: scaling to zero needs an Object or External metric")
    return Autoscaler(low, high, metrics, behavior(fields.get("behavior"), f"{where}.behavior"))


def behavior(value: Any, where: str) -> Behavior | None:
    """Both directions once either is given. Raises HpaError."""
    if value is None:
        return None
    fields = known(mapping(value, where), ("scaleUp", "scaleDown"), where)
    return Behavior(
        up=_rules(fields.get("scaleUp"), DEFAULT_UP, f"{where}.scaleUp"),
        down=_rules(fields.get("scaleDown"), DEFAULT_DOWN, f"{where}.scaleDown"),
    )


def milli(value: Any, where: str) -> int:
    """Thousandths of a quantity (`Quantity.MilliValue`). Raises HpaError."""
    return amount(value, where).milli()


def amount(value: Any, where: str) -> quantity.Quantity:
    """A quantity as it is written. Raises HpaError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise HpaError(f"{where}: {'missing' if value is None else value}: write a quantity, such as 250m or 512Mi")
    try:
        return quantity.parse(str(value).strip())
    except ValueError as error:
        raise HpaError(f"{where}: {value}: {error}") from None


def mismatches(spec: Mapping[str, Any], where: str) -> Sequence[str]:
    """Targets whose type is not that of the value that counts: the API server takes them."""
    found = []
    for index, entry in enumerate(spec.get("metrics") or ()):
        key = _key(entry["type"])
        target = entry[key]["target"]
        given = [name for name in AMOUNTS if target.get(name) is not None]
        if target["type"] not in [AMOUNTS[name] for name in given]:
            place = f"{where}.metrics[{index}].{key}.target.type"
            found.append(f"{place}: {target['type']}: with {given[0]} write {AMOUNTS[given[0]]}")
    return found


def reference(value: Any, where: str) -> None:
    """Check a CrossVersionObjectReference, if there is one. Raises HpaError."""
    if value is None:
        return
    fields = known(mapping(value, where), ("apiVersion", "kind", "name"), where)
    for key in ("kind", "name"):
        _segment(fields.get(key), f"{where}.{key}")


def object_name(value: Any, where: str) -> str:
    """The name of an object, or of a namespace and an object. Raises HpaError."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise HpaError(f"{where}: {value}: write at most 253 of a-z, 0-9, - and .")
    return value


def _metric(value: Any, where: str) -> Metric:
    fields = mapping(value, where)
    source: Source = _one_of(fields.get("type"), Source, f"{where}.type")
    key = _key(source)
    others = [other for other in map(_key, get_args(Source)) if other != key and fields.get(other) is not None]
    if others:
        raise HpaError(f"{where}.{others[0]}: a metric of type {source} has `{key}` alone: write it as another metric")
    known(fields, ("type", key), where)
    part = known(mapping(fields.get(key), f"{where}.{key}"), _OF_SOURCE[source], f"{where}.{key}")
    container = ""
    if source in ("Resource", "ContainerResource"):
        name = part.get("name")
        if name not in RESOURCES:
            shown = "missing" if name is None else name
            raise HpaError(f"{where}.{key}.name: {shown}: write one of {', '.join(RESOURCES)}, which are measured")
        if source == "ContainerResource":
            container = _container(part.get("container"), f"{where}.{key}.container")
    else:
        identifier = known(
            mapping(part.get("metric"), f"{where}.{key}.metric"), ("name", "selector"), f"{where}.{key}.metric"
        )
        name = _segment(identifier.get("name"), f"{where}.{key}.metric.name")
        _selector(identifier.get("selector"), f"{where}.{key}.metric.selector")
    if source == "Object":
        reference(part.get("describedObject"), f"{where}.{key}.describedObject")
    target = mapping(part.get("target"), f"{where}.{key}.target")
    kind, thousandths = _target(source, target, f"{where}.{key}.target")
    return Metric(source, str(name), kind, thousandths, container)


def _target(source: Source, target: Mapping[str, Any], where: str) -> tuple[Any, int]:
    known(target, ("type", *AMOUNTS), where)
    declared = target.get("type")
    allowed = _ALLOWED[source]
    given = [key for key in AMOUNTS if target.get(key) is not None]
    if declared not in AMOUNTS.values():
        shown = "missing" if declared is None else declared
        raise HpaError(f"{where}.type: {shown}: write {' or '.join(AMOUNTS[key] for key in given or allowed)}")
    for key in given:
        _positive(target[key], key, f"{where}.{key}")
        if key not in allowed:
            raise HpaError(f"{where}.{key}: a {source} metric takes {' or '.join(allowed)}")
    if not given or (len(given) > 1 and source != "Object"):
        raise HpaError(f"{where}: a {source} metric takes one of {' and '.join(allowed)}")
    if source == "Object":
        # The controller goes by the type, where others go by what is there.
        given = [key for key in given if AMOUNTS[key] == declared]
        if not given:
            return "Unusable", 0
    return AMOUNTS[given[0]], _positive(target[given[0]], given[0], f"{where}.{given[0]}")


def _positive(value: Any, key: str, where: str) -> int:
    if key == "averageUtilization":
        return _integer(value, where, least=1)
    found = amount(value, where)
    if found.sign <= 0:
        raise HpaError(f"{where}: {value}: write more than zero")
    return found.stored().milli()


def _rules(value: Any, default: Rules, where: str) -> Rules:
    fields = known(
        mapping({} if value is None else value, where),
        ("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"),
        where,
    )
    window, tolerance, select = (fields.get(key) for key in ("stabilizationWindowSeconds", "tolerance", "selectPolicy"))
    policies = fields.get("policies")
    if policies is not None and not _list(policies, f"{where}.policies"):
        raise HpaError(f"{where}.policies: write at least one, or leave the key out")
    return Rules(
        policies=default.policies
        if policies is None
        else tuple(_policy(entry, f"{where}.policies[{index}]") for index, entry in enumerate(policies)),
        window=default.window
        if window is None
        else _integer(window, f"{where}.stabilizationWindowSeconds", least=0, most=3600),
        select=_one_of(default.select if select is None else select, Select, f"{where}.selectPolicy"),
        tolerance=None if tolerance is None else _tolerance(tolerance, f"{where}.tolerance"),
    )


def _tolerance(value: Any, where: str) -> float:
    found = amount(value, where)
    if found.sign < 0:
        raise HpaError(f"{where}: {value}: write at least 0")
    return found.stored().approximate()


def _policy(value: Any, where: str) -> Policy:
    fields = known(mapping(value, where), ("type", "value", "periodSeconds"), where)
    return Policy(
        _one_of(fields.get("type"), PolicyKind, f"{where}.type"),
        _integer(fields.get("value"), f"{where}.value", least=1),
        _integer(fields.get("periodSeconds"), f"{where}.periodSeconds", least=1, most=1800),
    )


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise HpaError(f"{where}: {'missing' if value is None else value}: write a mapping")
    return value


def known(fields: Mapping[str, Any], keys: Sequence[str], where: str) -> Mapping[str, Any]:
    """The fields, if all of them are among `keys`. Raises HpaError."""
    for key in fields:
        if key not in keys:
            raise HpaError(f"{where}.{key}: unknown key: write one of {', '.join(keys)}")
    return fields


def _key(source: str) -> str:
    return source[0].lower() + source[1:]


def _list(value: Any, where: str) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise HpaError(f"{where}: {value}: write a list")
    return value


def _selector(value: Any, where: str) -> None:
    if value is not None:
        fields = known(mapping(value, where), ("matchLabels", "matchExpressions"), where)
        mapping(fields.get("matchLabels") or {}, f"{where}.matchLabels")
        _list(fields.get("matchExpressions"), f"{where}.matchExpressions")


def _segment(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value or value in (".", "..") or "/" in value or "%" in value:
        raise HpaError(f"{where}: {'missing' if value is None else value}: write a name without / and %")
    return value


def _container(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        shown = "missing" if value is None else value
        raise HpaError(f"{where}: {shown}: write the name of a container: at most 63 of a-z, 0-9 and -")
    return value


def _integer(value: Any, where: str, least: int, most: int = 2**31 - 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        limits = f"of at least {least}" if most == 2**31 - 1 else f"from {least} to {most}"
        raise HpaError(f"{where}: {'missing' if value is None else value}: write a whole number {limits}")
    return value


def _one_of(value: Any, choices: Any, where: str) -> Any:
    if value not in get_args(choices):
        names = ", ".join(get_args(choices))
        raise HpaError(f"{where}: {'missing' if value is None else value}: write one of {names}")
    return value
