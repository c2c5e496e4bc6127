"""One model under a load, sync by sync, every pod on its own, decided by `algorithm.sync`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hpa.algorithm import Decision, sync
from hpa.deployment import Deployment, Replica
from hpa.incidents import NONE, Incidents
from hpa.load import Load
from hpa.problem import HpaError
from hpa.replicas import Reading, Sample, Target
from hpa.scaling import State
from hpa.spec import Autoscaler, Controller, Metric
from hpa.workload import Workload

# How much later than its period each sync comes. The real one, too, is a little late each time, so that what happened
# exactly a window ago lies before the window.
LATE = 1e-6
# What remains of a load that was served is no more than rounding, up to this part of it.
ROUNDING = 1e-9
# The pods of one Deployment that are simulated at most.
MOST_PODS = 5000


@dataclass(frozen=True)
class Row:
    """One sync and the interval after it.

    `time` in seconds; `load`, `served` and `unmet` in units a second; `before` and `replicas` as the sync found and
    left them; `utilization` of the ready pods' cpu in percent of its request; `pod_hours` and `backlog` up to the
    interval's end.
    """

    time: float
    load: float
    before: int
    replicas: int
    ready: int
    utilization: float
    served: float
    unmet: float
    backlog: float
    pod_hours: float
    decision: Decision

    @property
    def proposed(self) -> int | None:
        return self.decision.proposed

    @property
    def reason(self) -> str:
        return self.decision.reason


@dataclass(frozen=True)
class Model:
    """One autoscaler with the work under it. `replicas` are there, and ready, before the load begins.

    `autoscalers` is how many HorizontalPodAutoscalers have the same target.
    """

    name: str
    autoscaler: Autoscaler
    workload: Workload
    replicas: int
    incidents: Incidents = NONE
    autoscalers: int = 1


@dataclass(frozen=True)
class Interval:
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
    if not 0 <= model.replicas <= MOST_PODS:
        raise HpaError(f"{model.name}: {model.replicas} replicas to begin with: write from 0 to {MOST_PODS}")
    for metric in model.autoscaler.metrics:
        if metric.source in ("Resource", "ContainerResource") and work.measures(metric):
            if metric.name == "memory" and work.memory is None:
                raise HpaError(f"{model.name}: it scales by memory: say what a pod uses with --memory, such as 400Mi")
            if metric.target == "Utilization" and work.requested(metric) <= 0:
                raise HpaError(f"{model.name}: its {metric.name} target needs a {metric.name} request")


def crowded(name: str, replicas: int) -> HpaError:
    return HpaError(
        f"{name}: {replicas} pods are more than the {MOST_PODS} that can be simulated: lower the load or max"
    )


def simulate(model: Model, load: Load, controller: Controller) -> list[Row]:
    """One row for each sync (`load` has one value for each, in units a second). Raises HpaError."""
    check(model)
    period, work = controller.sync_period, model.workload
    deployment = Deployment(model.replicas, work, model.incidents)
    before = _interval(float(load[0]), model.replicas, 0.0, -period, period, work)
    past: list[Interval] = []
    behind = math.ceil(work.lag / period)
    state, rows, backlog, pod_seconds = State(), [], 0.0, 0.0
    for step, value in enumerate(load.tolist()):
        now = step * period
        deployment.pass_time(now - period, now)
        seen = past[step - behind - 1] if step > behind else before
        samples = _Samples(deployment, seen, (step - behind) * period, now, work)
        pods = deployment.observed(now)
        wanted = deployment.wanted
        target = Target(wanted, len(deployment.replicas), pods, model.autoscalers)
        readings = [samples.reading(metric) for metric in model.autoscaler.metrics]
        decision, state = sync(model.autoscaler, controller, state, target, readings, now + step * LATE)
        if decision.desired > MOST_PODS:
            raise crowded(model.name, decision.desired)
        deployment.scale(decision.desired, now)
        serving = deployment.serving(now)
        interval = _interval(value, len(serving), backlog, now, period, work)
        past.append(interval)
        served = interval.share * len(serving)
        backlog, pod_seconds = interval.backlog, pod_seconds + len(deployment.replicas) * period
        rows.append(
            Row(
                time=now,
                load=value,
                before=wanted,
                replicas=deployment.wanted,
                ready=len(serving),
                utilization=100 * (work.idle + work.cost * interval.share) / work.request if serving else 0.0,
                served=served,
                unmet=value - served if value - served > ROUNDING * value else 0.0,
                backlog=backlog,
                pod_hours=pod_seconds / 3600,
                decision=decision,
            )
        )
    return rows


def _interval(load: float, serving: int, backlog: float, start: float, period: float, work: Workload) -> Interval:
    offered = load + backlog / period
    share = min(offered / serving, work.capacity) if serving else 0.0
    left = (offered - share * serving) * period if work.queue else 0.0
    return Interval(load, share, max(0.0, left), start)


@dataclass(frozen=True)
class _Samples:
    """What the metrics APIs answer at a sync: the interval `seen`, measured until `time`."""

    deployment: Deployment
    seen: Interval
    time: float
    now: float
    work: Workload

    def reading(self, metric: Metric) -> Reading:
        if self.deployment.incidents.silent(self.now) or not self.work.measures(metric):
            return None
        if not metric.of_pods:
            waiting = self.work.queue and metric.source == "External"
            return [round(1000 * (self.seen.backlog if waiting else self.seen.load))]
        return {**self._of_replicas(metric), **self._of_foreign(metric)}

    def _of_replicas(self, metric: Metric) -> Mapping[str, Sample]:
        work, window = self.work, self.work.window
        base, slope, starting = work.base(metric), work.slope(metric), work.starting(metric)
        serving = round(base + slope * self.seen.share)
        kept = work.memory_kept and metric.name == "memory" and metric.source != "Pods"
        found = {}
        for replica in self.deployment.replicas:
            if replica.made + window > self.time or self._restarted(replica):
                continue
            value = serving if replica.serves_from <= self.seen.start else starting
            if kept and replica.serves_from <= self.seen.start:
                replica.peak = max(replica.peak, self.seen.share)
                value = round(base + slope * replica.peak)
            found[replica.name] = Sample(value, self.time, window)
        return found

    def _restarted(self, replica: Replica) -> bool:
        """Whether its containers have not lived through a full window since they crashed."""
        crashed = replica.unready_since > replica.made
        return crashed and replica.unready_since <= self.time < replica.unready_since + self.work.window

    def _of_foreign(self, metric: Metric) -> Mapping[str, Sample]:
        if metric.source == "Pods":
            return {}
        value = self.deployment.incidents.foreign_cpu if metric.name == "cpu" else self.work.base(metric)
        return {pod.name: Sample(value, self.time, self.work.window) for pod in self.deployment.foreign}
