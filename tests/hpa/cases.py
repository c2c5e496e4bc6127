"""Random cases for the controller: autoscalers, pods and what the metrics APIs answer, the same for the same seed.

Every time is scaled down: what is minutes in a cluster is seconds here, as whole seconds are the API's smallest.
Besides the ordinary, they have names of all kinds, numbers at Go's limits, edits meanwhile (of replicas by hand, of the
windows and policies), requests at the pods' level, and rivals under the same selector.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hpa.manifest import AMOUNTS, milli
from hpa.spec import Controller, Metric
from tests.hpa.observed import stamp

Json = dict[str, Any]
INGRESS = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "main-route"}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "name": "any"}
MOST = 2**31 - 1
CONTAINERS = ("main", "kserve-container", "model", "side", "a-1")
# What a metric counts at the limits of an int64 of thousandths, and beyond.
EXTREME = ("5P", "9E", "9223372036854775807", "1e18", "512m", "1Ti", "8Ei", "100u", "1n", "0.0005", "1000E")
EXTREME_VALUES = ("-0.0005", "-7", "5P", "9E", "1Ti", "9223372036854775807", "1e19", "0", "-5P", "0.0004", "1n")
TOLERANCES = ("0", "0.05", "300m", "1", "0.7", "0.0005", "0.3", "0.1m", "0.123456789", "10")


def controller(dice: random.Random, configurable: bool, *, ties: bool = False) -> Controller:
    """Flags of a run.

    A sync period off the whole seconds keeps syncs away from the ends of windows; one of a second brings them there.
    """
    return Controller(
        sync_period=1.0 if ties else 1.1,
        tolerance=dice.choice([0.1, 0.1, 0.05, 0.2, 0.7, 0.0005]),
        downscale_stabilization=dice.choice([2, 4, 6]),
        cpu_initialization=dice.choice([4, 6, 9]),
        initial_readiness=dice.choice([1, 2, 4]),
        configurable_tolerance=configurable,
    )


def flags(settings: Controller) -> list[str]:
    prefix = "--horizontal-pod-autoscaler"
    return [
        f"{prefix}-sync-period={settings.sync_period * 1000:g}ms",
        f"{prefix}-tolerance={settings.tolerance}",
        f"{prefix}-downscale-stabilization={settings.downscale_stabilization:g}s",
        f"{prefix}-cpu-initialization-period={settings.cpu_initialization:g}s",
        f"{prefix}-initial-readiness-delay={settings.initial_readiness:g}s",
        "--concurrent-horizontal-pod-autoscaler-syncs=128",
    ]


@dataclass
class Walk:
    """The random level of a case's load, in parts of the target."""

    level: float
    seesaw: bool = False
    trend: float = field(default=1.0)

    def next(self, dice: random.Random) -> float:
        if self.seesaw:
            self.level = dice.choice([0.1, 0.3, 2.0, 4.0])
            return self.level
        if dice.random() < 0.35:
            self.trend = dice.choice([0.5, 0.8, 1.0, 1.0, 1.25, 2.0])
        if dice.random() < 0.1:
            self.level = dice.choice([0.0, 0.3, 1.0, 3.0, 20.0])
        self.level = min(30.0, max(0.05, self.level * self.trend)) if self.level else dice.choice([0.0, 0.4])
        return self.level


@dataclass(frozen=True)
class Wild:
    """How a case leaves the ordinary: the chance of a number at the limits, of an edit by hand, and so on."""

    extreme: float = 0.0
    by_hand: float = 0.06
    edited: bool = False
    rival: bool = False
    whole: float = 0.0
    gated: bool = False

    @classmethod
    def of(cls, dice: random.Random, *, gated: bool) -> "Wild":
        return cls(
            extreme=dice.choice([0.0, 0.0, 0.1, 0.5]),
            by_hand=dice.choice([0.06, 0.06, 0.4]),
            edited=dice.random() < 0.3,
            rival=dice.random() < 0.15,
            whole=dice.choice([0.0, 0.0, 0.5, 1.0]),
            gated=gated,
        )


@dataclass(frozen=True)
class Case:
    """One autoscaler and its target. `spec` is of autoscaling/v2, without the target.

    The load of a `seesaw` goes up and down from sync to sync: changes of both directions come to lie in each period.
    """

    name: str
    seed: str
    spec: Json
    replicas: int
    pods: Sequence[Json]
    walk: Walk
    wild: Wild


@dataclass(frozen=True)
class Change:
    """What happens to the target between two syncs: pods to make or replace, replicas there, replicas set by hand.

    And to the autoscalers: another `behavior` (a mapping with it, or with None), a rival made or taken away.
    """

    pods: Sequence[Json] = ()
    deleted: Sequence[str] = ()
    present: int | None = None
    wanted: int | None = None
    behavior: Json | None = None
    rival: bool | None = None


def case(seed: str, name: str, began: int, gated: bool) -> Case:
    """The case `name` of a run that began at `began` (seconds); `gated` ones may scale to zero and set tolerances."""
    dice = random.Random(f"{seed}/{name}")
    seesaw = dice.random() < 0.2
    wild = Wild.of(dice, gated=gated)
    spec = _seesaw(dice) if seesaw else _spec(dice, wild)
    low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
    replicas = dice.choice([dice.randint(low, high), dice.randint(low, high), dice.randint(0, min(MOST, high + 4))])
    style = _Style.of(dice, wild)
    pods = [pod(dice, f"pod-{index}", began, style) for index in range(dice.choice([0, 1, 2, 3, 4, 5, 8]))]
    return Case(name, f"{seed}/{name}", spec, replicas, pods, Walk(dice.uniform(0.3, 3), seesaw), wild)


def _spec(dice: random.Random, wild: Wild) -> Json:
    metrics = [_metric(dice, wild) for _ in range(dice.choice([1, 1, 1, 2, 2, 3]))]
    if dice.random() < 0.03:
        metrics = []
    low = dice.choice([None, 1, 2, 3, 5])
    if wild.gated and dice.random() < 0.4 and any(entry["type"] in ("Object", "External") for entry in metrics):
        low = 0
    rooms = [MOST - 9, 2**30 + 7] if dice.random() < wild.extreme else [0, 1, 4, 9, 30, 200]
    spec: Json = {"maxReplicas": (low or 1) + dice.choice(rooms), "metrics": metrics}
    if low is not None:
        spec["minReplicas"] = low
    if dice.random() < 0.8:
        spec["behavior"] = _behavior(dice, wild)
    return spec


def _behavior(dice: random.Random, wild: Wild) -> Json:
    return {name: _rules(dice, wild) for name in ("scaleUp", "scaleDown") if dice.random() < 0.8}


def _seesaw(dice: random.Random) -> Json:
    """One direction's periods are long and the other's short, so that changes are outdated in one of them only."""
    target = {"type": "AverageValue", "averageValue": "5"}
    metric = {"type": "External", "external": {"metric": {"name": "waiting"}, "target": target}}
    spans = dice.sample([(2, 2), (6, 9)], 2)
    behavior = {
        name: {
            "stabilizationWindowSeconds": 0,
            "policies": [{"type": "Pods", "value": dice.randint(1, 4), "periodSeconds": dice.randint(*span)}],
        }
        for name, span in zip(("scaleUp", "scaleDown"), spans, strict=True)
    }
    return {"maxReplicas": 60, "metrics": [metric], "behavior": behavior}


def _rules(dice: random.Random, wild: Wild) -> Json:
    rules: Json = {}
    if dice.random() < 0.6:
        rules["stabilizationWindowSeconds"] = dice.choice([0, 0, 1, 2, 3, 5, 7])
    if dice.random() < 0.5:
        rules["selectPolicy"] = dice.choice(["Max", "Min", "Min", "Disabled"])
    if dice.random() < 0.8:
        rules["policies"] = [_policy(dice, wild) for _ in range(dice.choice([1, 1, 2, 3]))]
    if wild.gated and dice.random() < 0.6:
        rules["tolerance"] = dice.choice(TOLERANCES)
    return rules


def _policy(dice: random.Random, wild: Wild) -> Json:
    if dice.random() < 0.5:
        value = dice.choice([1, 1, 2, 3, 5, 10, MOST, MOST])
        return {"type": "Pods", "value": value, "periodSeconds": dice.randint(1, 7)}
    large = [MOST, 2**30, 10**6] if dice.random() < wild.extreme else [5, 10, 33, 50, 100, 150, 900]
    value = dice.choice(large)
    return {"type": "Percent", "value": value, "periodSeconds": dice.randint(1, 7)}


def _metric(dice: random.Random, wild: Wild) -> Json:
    extreme = dice.random() < wild.extreme
    kind = dice.choice(["Resource", "Resource", "ContainerResource", "Pods", "Object", "External"])
    if kind in ("Resource", "ContainerResource"):
        name = dice.choice(["cpu", "cpu", "memory"])
        average = {"cpu": f"{dice.randint(20, 900)}m", "memory": f"{dice.randint(20, 900)}Mi"}[name]
        target: Json = {"type": "AverageValue", "averageValue": dice.choice(EXTREME) if extreme else average}
        if dice.random() < 0.6:
            percents = [1, MOST, 10**6] if extreme else [30, 50, 60, 80, 100, 130]
            target = {"type": "Utilization", "averageUtilization": dice.choice(percents)}
        if kind == "Resource":
            return {"type": kind, "resource": {"name": name, "target": target}}
        container = dice.choice([*CONTAINERS, CONTAINERS[0], "absent"])
        return {"type": kind, "containerResource": {"name": name, "container": container, "target": target}}
    total = dice.choice(EXTREME if extreme else ("5", "700m", "1k", "12", "30500m"))
    if kind == "Pods":
        target = {"type": "AverageValue", "averageValue": total}
        return {"type": kind, "pods": {"metric": {"name": "rate"}, "target": target}}
    target = dice.choice([{"type": "Value", "value": total}, {"type": "AverageValue", "averageValue": total}])
    if kind == "Object":
        if dice.random() < 0.2:
            target = {**target, "value": total, "averageValue": dice.choice(["3", "900m"])}
        if dice.random() < 0.15:
            target["type"] = dice.choice(list(AMOUNTS.values()))
        described = dice.choice([INGRESS, INGRESS, NAMESPACE])
        return {"type": kind, "object": {"describedObject": described, "metric": {"name": "total"}, "target": target}}
    selector = {"matchLabels": {"queue": "worker_tasks"}}
    return {"type": kind, "external": {"metric": {"name": "waiting", "selector": selector}, "target": target}}


@dataclass(frozen=True)
class _Style:
    """What a case's pods are like: mostly healthy, or anything."""

    healthy: float
    sidecar: float
    requestless: float
    containers: Sequence[str] = CONTAINERS[:2]
    wild: Wild = Wild()

    @classmethod
    def of(cls, dice: random.Random, wild: Wild) -> "_Style":
        names = dice.sample(CONTAINERS, 2)
        healthy, sidecar = dice.choice([1.0, 0.9, 0.5, 0.0]), dice.choice([0.0, 0.0, 1.0])
        return cls(healthy, sidecar, dice.choice([0.0] * 9 + [0.5]), names, wild)


def pod(dice: random.Random, name: str, now: int, style: _Style | None = None) -> Json:
    """A pod as it might be found at `now`."""
    style = style or _Style(0.6, 0.0, 0.0)
    healthy = dice.random() < style.healthy
    started = now - (dice.choice([20, 60, 600]) if healthy else dice.randint(-4, 12))
    since = started + dice.choice([0, 1, 2, 3, 5, 8])
    status: Json = {"phase": "Running" if healthy else dice.choice(_PHASES)}
    if healthy or dice.random() < 0.9:
        status["startTime"] = stamp(started)
    if healthy or dice.random() < 0.9:
        state = "True" if healthy else dice.choice(["True", "True", "False", "False", "Unknown"])
        status["conditions"] = [{"type": "Ready", "status": state, "lastTransitionTime": stamp(since)}]
    containers = [_container(dice, each, style) for each in style.containers][: dice.choice([1, 2])]
    spec: Json = {"containers": containers}
    if dice.random() < style.sidecar:
        spec["initContainers"] = [{**_container(dice, "helper", style), "restartPolicy": "Always"}]
    if dice.random() < style.wild.whole:
        # More than all of its containers together, or the API server refuses it.
        whole = {"cpu": f"{dice.choice([1, 2])}", "memory": f"{dice.choice([3, 5])}Ti"}
        spec["resources"] = {"requests": {name: whole[name] for name in dice.choice([["cpu"], ["memory"], [*whole]])}}
    metadata: Json = {"name": name, "labels": {"app": "target"}, "finalizers": ["slipway.dev/kept"]}
    return {"metadata": metadata, "spec": spec, "status": status}


_PHASES = ["Running", "Running", "Running", "Running", "Pending", "Pending", "Failed", "Succeeded", "Unknown"]


def _container(dice: random.Random, name: str, style: _Style) -> Json:
    requests = {"cpu": f"{dice.choice([50, 100, 250])}m", "memory": f"{dice.choice([64, 200, 512])}Mi"}
    if dice.random() < style.wild.extreme:
        requests["memory"] = dice.choice(["512m", "1Ti", "0", "1"])
    if dice.random() < style.requestless:
        del requests[dice.choice(["cpu", "memory"])]
    return {"name": name, "image": "none.example/none", "resources": {"requests": requests}}


def change(
    dice: random.Random, style: Wild, pods: Sequence[Json], wanted: int, high: int, now: int, step: int
) -> Change:
    """What happens before the next sync."""
    made: list[Json] = []
    deleted: list[str] = []
    if dice.random() < 0.3 and len(pods) < 12:
        made.append(pod(dice, f"new-{step}", now))
    here = [entry for entry in pods if "deletionTimestamp" not in entry["metadata"]]
    if here and dice.random() < 0.3:
        old = dice.choice(here)
        made.append({**old, "status": pod(dice, "any", now)["status"]})
    if here and dice.random() < 0.1:
        deleted.append(dice.choice(here)["metadata"]["name"])
    by_hand = None
    if dice.random() < (style.by_hand if wanted else max(0.4, style.by_hand)):
        near = dice.randint(max(0, wanted - 3), min(MOST, wanted + 3))
        by_hand = dice.choice([0, 1, min(MOST, high + 3), dice.randint(1, high), near, near])
    aim = wanted if by_hand is None else by_hand
    present = aim if dice.random() < 0.8 else dice.randint(0, min(MOST, aim + 2))
    behavior = None
    if style.edited and dice.random() < 0.3:
        behavior = {"behavior": _behavior(dice, style) if dice.random() < 0.8 else None}
    rival = dice.random() < 0.5 if style.rival and dice.random() < 0.3 else None
    pods_made = [entry for entry in made if entry["metadata"]["name"] not in deleted]
    return Change(pods_made, deleted, present, by_hand, behavior, rival)


def answer(
    dice: random.Random, metric: Metric, pods: Sequence[Json], wanted: int, level: float, now: int, extreme: float
) -> tuple[int, Json]:
    """What the metrics API says at `now`: mostly values about `level` of the target, at times nothing or nonsense."""
    fate = dice.random()
    if fate < 0.04:
        return dice.choice([(404, _status(404)), (500, _status(500)), (403, _status(403))])
    if fate < 0.06:
        return 200, _list(metric, [])
    if metric.source in ("Resource", "ContainerResource"):
        return 200, _list(metric, _pod_metrics(dice, metric, pods, level, now, extreme))
    if metric.source == "Pods":
        names = _measured(dice, pods)
        about = metric.amount * level
        items = [_value(dice, about, now, name, "Pod") for name in names]
        return 200, _list(metric, [_extreme(dice, item, extreme) for item in items])
    pods_now = max(1, len(pods)) if metric.target == "Value" else max(1, wanted)
    about = metric.amount * level * (1 if metric.target == "Value" else pods_now)
    if dice.random() < 0.02:
        about = metric.amount * 1e12
    if metric.source == "Object":
        return 200, _list(metric, [_extreme(dice, _value(dice, about, now, "main-route", "Ingress"), extreme)])
    parts = dice.choice([1, 1, 2, 3])
    items = [_extreme(dice, _external(dice, about / parts, now), extreme) for _ in range(parts)]
    if dice.random() < 0.04:
        items.insert(0, {**items[0], "value": "-700"})
    return 200, _list(metric, items)


def _extreme(dice: random.Random, item: Json, chance: float) -> Json:
    return {**item, "value": dice.choice(EXTREME_VALUES)} if dice.random() < chance else item


def _measured(dice: random.Random, pods: Sequence[Json]) -> list[str]:
    gaps = dice.choice([0.0, 0.0, 0.0, 0.3])
    names = [entry["metadata"]["name"] for entry in pods if dice.random() >= gaps]
    return [*names, "ghost"] if dice.random() < 0.05 else names


def _pod_metrics(
    dice: random.Random, metric: Metric, pods: Sequence[Json], level: float, now: int, extreme: float
) -> list[Json]:
    known = {entry["metadata"]["name"]: entry for entry in pods}
    items = []
    for name in _measured(dice, pods):
        containers = known[name]["spec"]["containers"] if name in known else [{"name": "main"}]
        usage = [_usage(dice, metric, part, len(containers), level) for part in containers]
        if dice.random() < extreme:
            usage[0]["usage"] = dict.fromkeys(usage[0]["usage"], dice.choice(EXTREME_VALUES))
        if dice.random() < 0.03:
            usage = usage[1:]
        items.append(
            {
                "metadata": {"name": name},
                "timestamp": stamp(now - dice.randint(0, 4)),
                "window": f"{dice.choice([1, 2, 3])}s",
                "containers": usage,
            }
        )
    return items


def _usage(dice: random.Random, metric: Metric, container: Json, count: int, level: float) -> Json:
    requests = container.get("resources", {}).get("requests", {})
    usage = {}
    for name in ("cpu", "memory"):
        if metric.target == "Utilization":
            base = milli(requests.get(name, "100m"), "request") * metric.amount / 100
        else:
            base = metric.amount / count
        usage[name] = _quantity(dice, base * level * dice.uniform(0.7, 1.3), name)
    if dice.random() < 0.02:
        del usage[metric.name]
    return {"name": container["name"], "usage": usage}


def _value(dice: random.Random, about: float, now: int, name: str, kind: str) -> Json:
    item: Json = {
        "describedObject": {"kind": kind, "name": name},
        "metric": {"name": "any"},
        "timestamp": stamp(now),
        "value": _quantity(dice, about * dice.uniform(0.8, 1.2), "any"),
    }
    return item if dice.random() < 0.5 else {**item, "windowSeconds": dice.choice([1, 30])}


def _external(dice: random.Random, about: float, now: int) -> Json:
    amount = _quantity(dice, about * dice.uniform(0.8, 1.2), "any")
    return {"metricName": "waiting", "metricLabels": {}, "timestamp": stamp(now), "value": amount}


def _quantity(dice: random.Random, thousandths: float, name: str) -> str:
    if name == "memory":
        return f"{int(thousandths / 1000 / 1024)}Ki"
    whole = int(thousandths)
    return dice.choice([f"{whole}m", f"{int(thousandths * 1000)}u", f"{whole // 1000}", f"{whole}m"])


def _list(metric: Metric, items: list[Json]) -> Json:
    kind, group = {
        "Pods": ("MetricValueList", "custom.metrics.k8s.io/v1beta2"),
        "Object": ("MetricValueList", "custom.metrics.k8s.io/v1beta2"),
        "External": ("ExternalMetricValueList", "external.metrics.k8s.io/v1beta1"),
    }.get(metric.source, ("PodMetricsList", "metrics.k8s.io/v1beta1"))
    return {"kind": kind, "apiVersion": group, "metadata": {}, "items": items}


def _status(code: int) -> Json:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": "as the case wants"}
