"""One model under a load, sync by sync, every pod on its own, decided by `algorithm.sync`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hpa.algorithm import sync
from hpa.load import Load
from hpa.problem import HpaError
from hpa.replicas import Pod, Reading, Ready, Sample, Target
from hpa.scaling import State
from hpa.spec import Autoscaler, Controller, Metric
from hpa.workload import Workload

LONG_AGO = -1e9


@dataclass(frozen=True)
class Row:
    """One sync and the interval after it.

    `time` in seconds; `load`, `served` and `unmet` in units a second; `replicas` after the decision; `utilization` of
    the ready pods' cpu in percent of its request; `pod_hours` and `backlog` up to the interval's end.
    """

    time: float
    load: float
    replicas: int
    ready: int
    utilization: float
    served: float
    unmet: float
    backlog: float
    pod_hours: float
    proposed: int | None
    reason: str

    def json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Model:
    """One autoscaler with the work under it. `replicas` are there, and ready, before the load begins."""

    name: str
    autoscaler: Autoscaler
    workload: Workload
    replicas: int


@dataclass(frozen=True)
class _Interval:
    """What the metrics tell of an interval. `share` is the load of each serving pod."""

    load: float
    share: float
    backlog: float
    start: float


def check(model: Model) -> None:
    """Whether the workload has what the metrics measure. Raises HpaError."""
    work = model.workload
    if work.cost <= 0 or work.limit <= work.idle:
        raise HpaError(f"{model.name}: --cost must be more than zero, and --idle less than the cpu limit {work.limit}m")
    for metric in model.autoscaler.metrics:
        if metric.source in ("Resource", "ContainerResource") and metric.name == "memory":
            if work.memory is None:
                raise HpaError(f"{model.name}: it scales by memory: say what a pod uses with --memory, such as 400Mi")
            if metric.target == "Utilization" and work.memory_request is None:
                raise HpaError(f"{model.name}: its memory target needs a memory request")
        if metric.target == "Utilization" and metric.name == "cpu" and work.request <= 0:
            raise HpaError(f"{model.name}: its cpu target needs a cpu request")


def simulate(model: Model, load: Load, controller: Controller) -> list[Row]:
    """One row for each sync (`load` has one value for each, in units a second). Raises HpaError."""
    check(model)
    period, work = controller.sync_period, model.workload
    pods = [_pod(f"first-{index}", LONG_AGO, work) for index in range(model.replicas)]
    before = _interval(float(load[0]), model.replicas, 0.0, -period, period, work)
    past: list[_Interval] = []
    behind = math.ceil(work.lag / period)
    state, rows, backlog, pod_seconds = State(), [], 0.0, 0.0
    for step, value in enumerate(load.tolist()):
        now = step * period
        seen = past[step - behind - 1] if step > behind else before
        pods = [_as_of(pod, now, work) for pod in pods]
        samples = _Samples(pods, seen, (step - behind) * period, work)
        target = Target(len(pods), len(pods), pods)
        readings = [samples.reading(metric) for metric in model.autoscaler.metrics]
        decision, state = sync(model.autoscaler, controller, state, target, readings, now)
        made = [_pod(f"{step}-{index}", now, work) for index in range(decision.desired - len(pods))]
        pods = pods[: decision.desired] + made
        serving = sum(_ready_at(pod, work) <= now for pod in pods)
        interval = _interval(value, serving, backlog, now, period, work)
        past.append(interval)
        served = interval.share * serving
        backlog, pod_seconds = interval.backlog, pod_seconds + len(pods) * period
        rows.append(
            Row(
                time=now,
                load=value,
                replicas=len(pods),
                ready=serving,
                utilization=100 * (work.idle + work.cost * interval.share) / work.request if serving else 0.0,
                served=served,
                unmet=max(0.0, value - served),
                backlog=backlog,
                pod_hours=pod_seconds / 3600,
                proposed=decision.proposed,
                reason=decision.reason,
            )
        )
    return rows


def _interval(load: float, serving: int, backlog: float, start: float, period: float, work: Workload) -> _Interval:
    offered = load + backlog / period
    share = min(offered / serving, work.capacity) if serving else 0.0
    left = (offered - share * serving) * period if work.queue else 0.0
    return _Interval(load, share, max(0.0, left), start)


def _pod(name: str, made: float, work: Workload) -> Pod:
    requests = {"model": {"cpu": work.request, "memory": 1000 * (work.memory_request or 0)}}
    return Pod(name, started=made, ready=Ready("False", made), requests=requests)


def _ready_at(pod: Pod, work: Workload) -> float:
    return (pod.started or 0.0) + work.startup


def _as_of(pod: Pod, now: float, work: Workload) -> Pod:
    if pod.ready and pod.ready.status == "False" and _ready_at(pod, work) <= now:
        return Pod(pod.name, started=pod.started, ready=Ready("True", _ready_at(pod, work)), requests=pod.requests)
    return pod


@dataclass(frozen=True)
class _Samples:
    """What the metrics APIs answer at a sync: the interval `seen`, measured until `time`."""

    pods: Sequence[Pod]
    seen: _Interval
    time: float
    work: Workload

    def reading(self, metric: Metric) -> Reading:
        if not metric.of_pods:
            waiting = self.work.queue and metric.source == "External"
            return [round(1000 * (self.seen.backlog if waiting else self.seen.load))]
        return self._of_pods(*pod_values(metric, self.seen.share, self.work))

    def _of_pods(self, serving: int, idle: int) -> Mapping[str, Sample]:
        window = self.work.window
        return {
            pod.name: Sample(serving if _ready_at(pod, self.work) <= self.seen.start else idle, self.time, window)
            for pod in self.pods
            if (pod.started or 0.0) + window <= self.time
        }


def pod_values(metric: Metric, share: float, work: Workload) -> tuple[int, int]:
    """Thousandths of the metric for a pod that serves `share`, and for one that serves nothing."""
    idle = {"Pods": 0}.get(metric.source, 1000 * (work.memory or 0) if metric.name == "memory" else work.idle)
    return round(idle + slope(metric, work) * share), idle


def slope(metric: Metric, work: Workload) -> float:
    """Thousandths of the metric that each unit of load adds to the pod that serves it."""
    if metric.source == "Pods":
        return 1000.0
    return work.cost if metric.name == "cpu" else 0.0


def requested(metric: Metric, work: Workload) -> int:
    """Thousandths of the resource that a pod requests."""
    return 1000 * (work.memory_request or 0) if metric.name == "memory" else work.request
