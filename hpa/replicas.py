"""How many replicas one metric asks for.

The rules are those of `replica_calculator.go` in k8s.io/kubernetes v1.34.4, pkg/controller/podautoscaler; each
function names its origin. Times are seconds of one clock, amounts are thousandths (percent for Utilization).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from hpa.integers import MAX_INT32, MAX_INT64, ceiling, quotient
from hpa.spec import Controller, Metric, Tolerances

Phase = Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"]
Status = Literal["True", "False", "Unknown"]


class Unavailable(Exception):
    """No replica count can be had from the metric; the message says why."""


@dataclass(frozen=True)
class Ready:
    """The condition Ready of a pod, and since when it is so. A status of Unknown is not false."""

    status: Status
    since: float


@dataclass(frozen=True)
class Pod:
    """What the controller looks at in a pod. `requests` holds container, resource, thousandths."""

    name: str
    phase: Phase = "Running"
    ready: Ready | None = None
    started: float | None = None
    deleting: bool = False
    requests: Mapping[str, Mapping[str, int]] | None = None


@dataclass(frozen=True)
class Sample:
    """One pod's value, measured over the `window` seconds before `time`."""

    value: int
    time: float
    window: float


# By pod; all the values of an object's or an external metric; or None when the metrics API gave an error or nothing.
Reading = Mapping[str, Sample] | Sequence[int] | None


@dataclass(frozen=True)
class Target:
    """The scale subresource: replicas asked for, replicas there, and the pods under the selector."""

    wanted: int
    present: int
    pods: Sequence[Pod]


@dataclass(frozen=True)
class Groups:
    """Pods that count, and the names of those that do not."""

    counted: int
    unready: frozenset[str]
    missing: frozenset[str]
    ignored: frozenset[str]


def proposal(
    metric: Metric, reading: Reading, target: Target, tolerances: Tolerances, controller: Controller, now: float
) -> int:
    """Replicas by one metric. Raises Unavailable. Origin: `computeReplicasForMetric`."""
    if not reading:
        raise Unavailable(f"no value of {metric.name} from the metrics API")
    if isinstance(reading, Mapping):
        return _of_pods(metric, reading, target, tolerances, controller, now)
    if metric.target == "AverageValue":
        return _per_pod(metric, reading, target.present, tolerances)
    return _of_total(metric, sum(reading), target, tolerances)


def group(pods: Sequence[Pod], samples: Mapping[str, Sample], resource: str, flags: Controller, now: float) -> Groups:
    """`groupPods`."""
    unready, missing, ignored, counted = set(), set(), set(), 0
    for pod in pods:
        if pod.deleting or pod.phase == "Failed":
            ignored.add(pod.name)
        elif pod.phase == "Pending":
            unready.add(pod.name)
        elif pod.name not in samples:
            missing.add(pod.name)
        elif resource == "cpu" and _cpu_unready(pod, samples[pod.name], flags, now):
            unready.add(pod.name)
        else:
            counted += 1
    return Groups(counted, frozenset(unready), frozenset(missing), frozenset(ignored))


def _cpu_unready(pod: Pod, sample: Sample, flags: Controller, now: float) -> bool:
    if pod.ready is None or pod.started is None:
        return True
    if pod.started + flags.cpu_initialization > now:
        return pod.ready.status == "False" or sample.time < pod.ready.since + sample.window
    return pod.ready.status == "False" and pod.started + flags.initial_readiness > pod.ready.since


def _of_pods(
    metric: Metric,
    samples: Mapping[str, Sample],
    target: Target,
    tolerances: Tolerances,
    controller: Controller,
    now: float,
) -> int:
    """`GetResourceReplicas` and `calcPlainMetricReplicas`, which differ in the ratio and in what a missing pod uses."""
    if not target.pods:
        raise Unavailable("no pods under the selector")
    groups = group(target.pods, samples, "" if metric.source == "Pods" else metric.name, controller, now)
    values = {name: sample.value for name, sample in samples.items() if name not in groups.unready | groups.ignored}
    if not values:
        raise Unavailable("no values for pods that count (they may not be ready)")
    ratio_of, full = _ratio(metric, target.pods)
    ratio = ratio_of(values)
    spread = bool(groups.unready) and ratio > 1.0
    if not spread and not groups.missing:
        return target.wanted if tolerances.holds(ratio) else ceiling(ratio * groups.counted)
    if ratio < 1.0:
        values.update({name: full(name) for name in groups.missing})
    elif ratio > 1.0:
        values.update(dict.fromkeys(groups.missing, 0))
    if spread:
        values.update(dict.fromkeys(groups.unready, 0))
    corrected = ratio_of(values)
    if tolerances.holds(corrected) or (ratio < 1.0 < corrected) or (ratio > 1.0 > corrected):
        return target.wanted
    count = ceiling(corrected * len(values))
    turned = (corrected < 1.0 and count > target.wanted) or (corrected > 1.0 and count < target.wanted)
    return target.wanted if turned else count


def _ratio(metric: Metric, pods: Sequence[Pod]) -> tuple[Callable[[Mapping[str, int]], float], Callable[[str], int]]:
    """The ratio of use to target, and what a pod without a value counts as when scaling down."""
    if metric.target == "Utilization":
        requests = {pod.name: _request(pod, metric) for pod in pods}
        fallback = max(100, metric.amount)
        return (
            lambda values: _utilization(values, requests) / metric.amount,
            lambda name: quotient(requests[name] * fallback, 100),
        )
    return lambda values: quotient(sum(values.values()), len(values)) / metric.amount, lambda _: metric.amount


def _utilization(values: Mapping[str, int], requests: Mapping[str, int]) -> int:
    """`GetResourceUtilizationRatio`: whole percents, over the pods that are known."""
    known = values.keys() & requests.keys()
    requested = sum(requests[name] for name in known)
    if requested == 0:
        raise Unavailable("no values matched known pods")
    return quotient(sum(values[name] for name in known) * 100, requested)


def _request(pod: Pod, metric: Metric) -> int:
    """`calculatePodRequestsFromContainers`."""
    total = 0
    for container, requests in (pod.requests or {}).items():
        if metric.container in ("", container):
            if metric.name not in requests:
                raise Unavailable(f"missing request for {metric.name} in container {container} of pod {pod.name}")
            total += requests[metric.name]
    return total


def _of_total(metric: Metric, usage: int, target: Target, tolerances: Tolerances) -> int:
    """`GetObjectMetricReplicas`, `GetExternalMetricReplicas` and `getUsageRatioReplicaCount`."""
    ratio = usage / metric.amount
    if target.wanted == 0:
        return ceiling(ratio)
    if tolerances.holds(ratio):
        return target.wanted
    if not target.pods:
        raise Unavailable("no pods under the selector")
    ready = sum(pod.phase == "Running" and pod.ready is not None and pod.ready.status == "True" for pod in target.pods)
    return ceiling(ratio * ready)


def _per_pod(metric: Metric, values: Sequence[int], present: int, tolerances: Tolerances) -> int:
    """`GetObjectPerPodMetricReplicas` and `GetExternalPerPodMetricReplicas`."""
    usage = sum(values)
    if metric.source == "External" and any(total < 0 for total in accumulate(values)):
        usage = MAX_INT64  # The controller takes a sum below zero for an overflow.
    shared = float(metric.amount) * present
    if shared and tolerances.holds(usage / shared):
        return present
    if metric.source == "External":
        return min(MAX_INT32, math.ceil(usage / metric.amount))
    return ceiling(usage / metric.amount)
