"""How many replicas one metric asks for.

The rules are those of `replica_calculator.go` in k8s.io/kubernetes v1.34.4, pkg/controller/podautoscaler; each
function names its origin. Times are seconds of one clock, amounts are thousandths (percent for Utilization).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from hpa.integers import MAX_INT32, MAX_INT64, ceiling, int32, int64, quotient, ratio
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
    """What the controller looks at in a pod. `requests` holds container, resource, thousandths.

    `whole` has the requests of the pod (`resourcehelpers.PodRequests`) if there are any at its level.
    """

    name: str
    phase: Phase = "Running"
    ready: Ready | None = None
    started: float | None = None
    deleting: bool = False
    requests: Mapping[str, Mapping[str, int]] | None = None
    whole: Mapping[str, int] | None = None


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
    """The scale subresource: replicas asked for, replicas there, and the pods under the selector.

    `autoscalers` is how many HorizontalPodAutoscalers select any of these pods.
    """

    wanted: int
    present: int
    pods: Sequence[Pod]
    autoscalers: int = 1


@dataclass(frozen=True)
class Groups:
    """Pods that count, and the names of those that do not."""

    counted: int
    unready: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()


# within: the tolerance holds; turned: with the pods that were filled in, it would go the other way.
Rule = Literal["ratio", "within", "turned"]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Replicas by one metric, and how they came about.

    `value` is the use that was compared with the target, in the units of `Metric.amount`; `ratio` is of the two, and
    `corrected` the same once pods without a value were filled in. `pods` is what the ratio was multiplied with.
    """

    replicas: int
    value: int
    ratio: float
    corrected: float | None = None
    pods: int = 0
    rule: Rule = "ratio"
    groups: Groups = Groups(0)


def proposal(
    metric: Metric, reading: Reading, target: Target, tolerances: Tolerances, controller: Controller, now: float
) -> Proposal:
    """Replicas by one metric. Raises Unavailable. Origin: `computeReplicasForMetric`."""
    if metric.target == "Unusable":
        raise Unavailable("the target's type is that of a value which is not given")
    if not reading:
        raise Unavailable(f"no value of {metric.name} from the metrics API")
    if isinstance(reading, Mapping):
        return _of_pods(metric, reading, target, tolerances, controller, now)
    if metric.target == "AverageValue":
        return _per_pod(metric, reading, target.present, tolerances)
    return _of_total(metric, int64(sum(reading)), target, tolerances)


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
) -> Proposal:
    """`GetResourceReplicas` and `calcPlainMetricReplicas`, which differ in the ratio and in what a missing pod uses."""
    if not target.pods:
        raise Unavailable("no pods under the selector")
    groups = group(target.pods, samples, "" if metric.source == "Pods" else metric.name, controller, now)
    values = {name: sample.value for name, sample in samples.items() if name not in groups.unready | groups.ignored}
    if not values:
        raise Unavailable(_without_values(groups))
    measure, full = _measure(metric, target.pods)
    value = measure(values)
    first = ratio(value, metric.amount)
    spread = bool(groups.unready) and first > 1.0
    if not spread and not groups.missing:
        found = Proposal(replicas=target.wanted, value=value, ratio=first, pods=groups.counted, groups=groups)
        if tolerances.holds(first):
            return replace(found, rule="within")
        return replace(found, replicas=ceiling(first * groups.counted))
    if first < 1.0:
        values.update({name: full(name) for name in groups.missing})
    elif first > 1.0:
        values.update(dict.fromkeys(groups.missing, 0))
    if spread:
        values.update(dict.fromkeys(groups.unready, 0))
    second = ratio(measure(values), metric.amount)
    found = Proposal(
        replicas=target.wanted, value=value, ratio=first, corrected=second, pods=len(values), groups=groups
    )
    if tolerances.holds(second):
        return replace(found, rule="within")
    count = ceiling(second * len(values))
    turned = (first < 1.0 < second) or (first > 1.0 > second)
    turned |= (second < 1.0 and count > target.wanted) or (second > 1.0 and count < target.wanted)
    return replace(found, rule="turned") if turned else replace(found, replicas=count)


def _without_values(groups: Groups) -> str:
    parts = {"not ready": groups.unready, "without metrics": groups.missing, "ended": groups.ignored}
    return "no value of a pod that counts: " + ", ".join(
        f"{len(names)} {word}" for word, names in parts.items() if names
    )


def _measure(metric: Metric, pods: Sequence[Pod]) -> tuple[Callable[[Mapping[str, int]], int], Callable[[str], int]]:
    """The use, in the units of the target, and what a pod without a value counts as when scaling down."""
    if metric.target == "Utilization":
        requests = {pod.name: requested(pod, metric) for pod in pods}
        fallback = max(100, metric.amount)
        return (
            lambda values: utilization(values, requests),
            lambda name: quotient(int64(requests[name] * fallback), 100),
        )
    return average, lambda _: metric.amount


def average(values: Mapping[str, int]) -> int:
    """`GetMetricUsageRatio`: whole thousandths."""
    return quotient(int64(sum(values.values())), len(values))


def utilization(values: Mapping[str, int], requests: Mapping[str, int]) -> int:
    """`GetResourceUtilizationRatio`: whole percents, over the pods that are known."""
    known = values.keys() & requests.keys()
    total = int64(sum(requests[name] for name in known))
    if total == 0:
        raise Unavailable("no values matched known pods")
    return int32(quotient(int64(sum(values[name] for name in known) * 100), total))


def requested(pod: Pod, metric: Metric) -> int:
    """`calculateRequests`."""
    if pod.whole is not None and not metric.container:
        if metric.name not in pod.whole:
            raise Unavailable(f"missing pod-level request for {metric.name} in pod {pod.name}")
        return pod.whole[metric.name]
    total = 0
    for container, requests in (pod.requests or {}).items():
        if metric.container in ("", container):
            if metric.name not in requests:
                raise Unavailable(f"missing request for {metric.name} in container {container} of pod {pod.name}")
            total = int64(total + requests[metric.name])
    return total


def _of_total(metric: Metric, usage: int, target: Target, tolerances: Tolerances) -> Proposal:
    """`GetObjectMetricReplicas`, `GetExternalMetricReplicas` and `getUsageRatioReplicaCount`."""
    found = Proposal(replicas=target.wanted, value=usage, ratio=ratio(usage, metric.amount), pods=1)
    if target.wanted == 0:
        return replace(found, replicas=ceiling(found.ratio))
    if tolerances.holds(found.ratio):
        return replace(found, rule="within")
    if not target.pods:
        raise Unavailable("no pods under the selector")
    ready = sum(pod.phase == "Running" and pod.ready is not None and pod.ready.status == "True" for pod in target.pods)
    return replace(found, replicas=ceiling(found.ratio * ready), pods=ready)


def _per_pod(metric: Metric, values: Sequence[int], present: int, tolerances: Tolerances) -> Proposal:
    """`GetObjectPerPodMetricReplicas` and `GetExternalPerPodMetricReplicas`."""
    usage = sum(values)
    if metric.source == "External" and any(not 0 <= total <= MAX_INT64 for total in accumulate(values)):
        usage = MAX_INT64  # The controller takes a sum below zero for an overflow.
    each = ratio(usage, metric.amount)
    found = Proposal(
        replicas=present, value=usage, ratio=ratio(usage, float(metric.amount) * float(present)), pods=present
    )
    if tolerances.holds(found.ratio):
        return replace(found, rule="within")
    if metric.source == "External" and each > MAX_INT32:
        return replace(found, replicas=MAX_INT32)
    return replace(found, replicas=ceiling(each))
