"""A fleet's metrics: what `replicas.proposal` says, for one metric of many models at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from hpa.fleet_arrays import Flags, Floats, Ints
from hpa.fleet_pods import Groups
from hpa.simulation import Model
from hpa.spec import Controller, Metric
from hpa.workload import Workload


@dataclass(frozen=True)
class _Measure:
    """One metric of each of several models, whose columns are `models`. Origin: `replicas.proposal`."""

    models: Any
    amount: Ints
    down: Floats
    up: Floats

    def holds(self, ratio: Floats) -> Flags:
        return (ratio >= self.down) & (ratio <= self.up)

    @classmethod
    def shared(cls, metrics: Sequence[Metric], models: Sequence[Model], columns: Any, controller: Controller) -> Self:
        tolerances = [controller.tolerances(model.autoscaler.behavior) for model in models]
        return cls(
            models=columns,
            amount=np.array([metric.amount for metric in metrics]),
            down=np.array([1.0 - entry.down for entry in tolerances]),
            up=np.array([1.0 + entry.up for entry in tolerances]),
            **cls.own(metrics, [model.workload for model in models]),
        )

    @classmethod
    def own(cls, metrics: Sequence[Metric], works: Sequence[Workload]) -> dict[str, Any]:
        """The fields that only this kind of metric has."""
        raise NotImplementedError


@dataclass(frozen=True)
class OfPods(_Measure):
    """Resource, ContainerResource and Pods: a pod uses `base` and `slope` for each unit of load that it serves.

    One that is not ready uses `starting`; a metric that is not `there` never has a value. The ratio is whole percents
    of the `request` (`percent` is 100), or a whole average (both are 1), to the target.
    """

    cpu: Flags
    there: Flags
    base: Floats
    slope: Floats
    starting: Ints
    percent: Ints
    request: Ints
    full: Ints

    @classmethod
    def own(cls, metrics: Sequence[Metric], works: Sequence[Workload]) -> dict[str, Any]:
        pairs = list(zip(metrics, works, strict=True))
        requests = [work.requested(metric) for metric, work in pairs]
        utilization = [metric.target == "Utilization" for metric in metrics]
        amounts = np.array([metric.amount for metric in metrics])
        return {
            "cpu": np.array([metric.source != "Pods" and metric.name == "cpu" for metric in metrics]),
            "there": np.array([work.measures(metric) for metric, work in pairs]),
            "base": np.array([float(work.base(metric)) for metric, work in pairs]),
            "slope": np.array([work.slope(metric) for metric, work in pairs]),
            "starting": np.array([work.starting(metric) for metric, work in pairs]),
            "percent": np.where(utilization, 100, 1),
            "request": np.where(utilization, np.maximum(requests, 1), 1),
            "full": np.where(utilization, requests * np.maximum(100, amounts) // 100, amounts),
        }

    def proposal(self, wanted: Ints, pods: Groups, share: Floats) -> tuple[Ints, Flags]:
        """Replicas, and whether there is a result. Origin: `replicas._of_pods`."""
        here = self.models
        serving = np.where(self.cpu, pods.counted_serving[here], pods.measured_serving[here])
        counted = serving + np.where(self.cpu, pods.counted_idle[here], pods.measured_idle[here])
        unready, missing = np.where(self.cpu, pods.unready[here], 0), pods.missing[here]
        total = serving * np.rint(self.base + self.slope * share).astype(np.int64) + (counted - serving) * self.starting
        ratio = self._ratio(total, np.maximum(counted, 1))
        over, under = ratio > 1.0, ratio < 1.0
        spread = (unready > 0) & over
        plain = ~spread & (missing == 0)
        simple = np.where(self.holds(ratio), wanted, np.ceil(ratio * counted))
        if plain.all():
            return simple.astype(np.int64), self.there & (counted > 0)
        entries = counted + np.where(over | under, missing, 0) + np.where(spread, unready, 0)
        corrected = self._ratio(total + np.where(under, missing * self.full, 0), np.maximum(entries, 1))
        count = np.ceil(corrected * entries)
        kept = self.holds(corrected) | (under & (corrected > 1.0)) | (over & (corrected < 1.0))
        kept |= ((corrected < 1.0) & (count > wanted)) | ((corrected > 1.0) & (count < wanted))
        return np.where(plain, simple, np.where(kept, wanted, count)).astype(np.int64), self.there & (counted > 0)

    def _ratio(self, total: Ints, entries: Ints) -> Floats:
        ratio: Floats = (total * self.percent // (entries * self.request)) / self.amount
        return ratio


@dataclass(frozen=True)
class OfTotal(_Measure):
    """Object and External."""

    average: Flags
    queue: Flags

    @classmethod
    def own(cls, metrics: Sequence[Metric], works: Sequence[Workload]) -> dict[str, Any]:
        pairs = zip(metrics, works, strict=True)
        return {
            "average": np.array([metric.target == "AverageValue" for metric in metrics]),
            "queue": np.array([work.queue and metric.source == "External" for metric, work in pairs]),
        }

    def proposal(self, wanted: Ints, pods: Groups, load: Floats, backlog: Floats) -> Ints:
        """Replicas. Origin: `replicas._of_total`, `replicas._per_pod`."""
        usage = np.rint(1000 * np.where(self.queue, backlog, load))
        each = usage / self.amount
        kept = (wanted > 0) & self.holds(np.where(self.average, usage / (self.amount * np.maximum(wanted, 1)), each))
        ready = np.where(self.average | (wanted == 0), 1, pods.ready[self.models])
        return np.where(kept, wanted, np.ceil(each * ready)).astype(np.int64)


def measures(models: Sequence[Model], controller: Controller) -> list[OfPods | OfTotal]:
    """The models' metrics, like with like, each model's in their order: the first nonzero proposal is kept by ties."""
    groups: dict[tuple[int, bool], list[int]] = {}
    for column, model in enumerate(models):
        for place, metric in enumerate(model.autoscaler.metrics):
            groups.setdefault((place, metric.of_pods), []).append(column)
    found: list[OfPods | OfTotal] = []
    for (place, of_pods), columns in sorted(groups.items()):
        chosen = [models[column] for column in columns]
        metrics = [model.autoscaler.metrics[place] for model in chosen]
        index = slice(None) if len(columns) == len(models) else np.array(columns)
        kind = OfPods if of_pods else OfTotal
        found.append(kind.shared(metrics, chosen, index, controller))
    return found
