"""Many models at once: the same simulation with an array over the models in place of each number.

Pods of one age are alike, so a model's pods are counts by age in syncs. The rules are those of `replicas` and
`scaling`, whose functions the comments name; tests/hpa holds the results against `simulation.simulate`, row by row.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hpa.fleet_arrays import Floats, Ints
from hpa.fleet_metrics import OfPods, measures
from hpa.fleet_pods import Ages, Groups, older, resized
from hpa.fleet_scaling import Scaling
from hpa.incidents import NONE
from hpa.load import Load
from hpa.simulation import MOST_PODS, ROUNDING, Model, check, crowded
from hpa.spec import Controller

KEYS = ("time", "load", "replicas", "ready", "utilization", "served", "unmet", "pod_hours")


@dataclass
class History:
    """A value for each sync (rows) and model (columns); units as in `simulation.Row`."""

    period: float
    load: Floats
    replicas: Ints
    ready: Ints
    served: Floats
    utilization: Floats
    same: tuple[Floats, list[str]] | None = None

    @property
    def pod_hours(self) -> Floats:
        """For each model, over all the time."""
        hours: Floats = self.replicas.sum(axis=0) * self.period / 3600
        return hours

    @property
    def service_level(self) -> Floats:
        """For each model, the percent of the load that was served (of a queue: by the end)."""
        offered = self.load.sum(axis=0)
        level: Floats = 100 * np.minimum(1, self.served.sum(axis=0) / np.where(offered > 0, offered, 1))
        return np.where(offered > 0, level, 100.0)

    def totals(self, column: int) -> list[str]:
        """Pod-hours, percent served and most replicas of a model."""
        hours, level = self.pod_hours[column], self.service_level[column]
        return [f"{hours:.2f}", f"{level:.3f}", str(self.replicas[:, column].max())]

    def lines(self, column: int, name: str) -> Iterator[str]:
        """A JSON object for each sync of a model, with KEYS of `simulation.Row`."""
        hours = np.cumsum(self.replicas[:, column]) * self.period / 3600
        load, served = self.load[:, column], self.served[:, column]
        unmet = np.where(load - served > ROUNDING * load, load - served, 0.0)
        columns = (self.replicas[:, column], self.ready[:, column], self.utilization[:, column], served, unmet, hours)
        # Written by hand: json.dumps takes three times as long, and a day of 100 models has 576,000 lines.
        begin = f'{{{{"model": {_escaped(name)}, "time": {{}}, "load": {{}}'
        form = f"{begin}, {', '.join(f'{chr(34)}{key}{chr(34)}: {{}}' for key in KEYS[2:])}}}}}"
        shared = (self._times, self._written(load))
        return map(form.format, *shared, *(values.tolist() for values in columns))

    @cached_property
    def _times(self) -> list[str]:
        return list(map(repr, (np.arange(len(self.load)) * self.period).tolist()))

    def _written(self, load: Floats) -> list[str]:
        """The numbers as text, for the next model too, as most have the same load."""
        if self.same is None or not np.array_equal(self.same[0], load):
            self.same = load, list(map(repr, load.tolist()))
        return self.same[1]


def _escaped(name: str) -> str:
    """A JSON string in a format string."""
    return json.dumps(name).replace("{", "{{").replace("}", "}}")


def possible(model: Model) -> bool:
    """Whether counts by age say all of the model's pods, and its numbers are not at Go's limits."""
    return (
        model.incidents == NONE
        and model.autoscalers == 1
        and not model.workload.memory_kept
        and all(metric.target != "Unusable" and 0 < metric.amount < 2**53 for metric in model.autoscaler.metrics)
        and max(model.autoscaler.max, model.autoscaler.min) < 2**30
    )


def simulate(models: Sequence[Model], load: Load, controller: Controller) -> History:
    """All `models` under `load`: one value for each sync, or a column for each model too. Raises HpaError."""
    for model in models:
        check(model)
    loads = np.broadcast_to(load[:, None] if load.ndim == 1 else load, (len(load), len(models)))
    return _Run(models, np.ascontiguousarray(loads, dtype=np.float64), controller).history()


class _Run:
    """The state of one simulation."""

    def __init__(self, models: Sequence[Model], load: Floats, controller: Controller) -> None:
        self.models, self.load, self.controller = models, load, controller
        self.steps, self.width = load.shape
        self.period = controller.sync_period
        self.min = np.array([model.autoscaler.min for model in models])
        self.max = np.array([model.autoscaler.max for model in models])
        self.ages = Ages(models, controller)
        self.scaling = Scaling([model.autoscaler for model in models], controller, self.steps)
        self.measures = measures(models, controller)
        works = [model.workload for model in models]
        self.capacity = np.array([work.capacity for work in works])
        self.queue = np.array([work.queue for work in works])
        self.behind = np.array([math.ceil(work.lag / self.period) for work in works])
        self.one_lag = int(self.behind[0]) if (self.behind == self.behind[0]).all() else None

    def history(self) -> History:
        shape = (self.steps, self.width)
        replicas, ready = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        current = np.array([model.replicas for model in self.models])
        cohorts = np.zeros((self.ages.count, self.width), np.int64)
        cohorts[-1] = current
        # Index 0 is the time before the load begins, at which the first metrics look back.
        load, share = self.load, np.zeros((self.steps + 1, self.width))
        backlog = np.zeros((self.steps + 1, self.width))
        served = np.zeros(shape)
        share[0], backlog[0] = self._work(load[0], current, np.zeros(self.width))
        before = np.vstack([load[:1], load])
        waiting = np.zeros(self.width)
        for step in range(self.steps):
            seen = self._rows(step)
            pods = self.ages.groups(cohorts)
            current = self._decided(step, current, pods, share[seen], before[seen], backlog[seen])
            if current.max() > MOST_PODS:
                raise crowded(self.models[int(current.argmax())].name, int(current.max()))
            cohorts = resized(cohorts, current)
            serving = self.ages.serving(cohorts)
            share[step + 1], waiting = self._work(load[step], serving, waiting)
            backlog[step + 1] = waiting
            replicas[step], ready[step], served[step] = current, serving, share[step + 1] * serving
            cohorts = older(cohorts)
        return History(self.period, load, replicas, ready, served, self._utilization(share[1:], ready))

    def _utilization(self, share: Floats, ready: Ints) -> Floats:
        works = [model.workload for model in self.models]
        idle, cost, request = (np.array([float(getattr(w, n)) for w in works]) for n in ("idle", "cost", "request"))
        return np.where(ready > 0, 100 * (idle + cost * share) / request, 0.0)

    def _rows(self, step: int) -> Any:
        """Where in the history the metrics of this step are."""
        if self.one_lag is not None:
            return max(0, step - self.one_lag)
        return np.maximum(0, step - self.behind), np.arange(self.width)

    def _work(self, load: Floats, serving: Ints, backlog: Floats) -> tuple[Floats, Floats]:
        offered = load + backlog / self.period
        share = np.where(serving > 0, np.minimum(offered / np.maximum(serving, 1), self.capacity), 0.0)
        left = np.where(self.queue, (offered - share * serving) * self.period, 0.0)
        return share, np.maximum(0.0, left)

    def _decided(self, step: int, current: Ints, pods: Groups, share: Floats, load: Floats, backlog: Floats) -> Ints:
        """`algorithm.sync`."""
        most, failed = np.zeros(self.width, np.int64), np.zeros(self.width, np.int64)
        for measure in self.measures:
            here = measure.models
            if isinstance(measure, OfPods):
                count, valid = measure.proposal(current[here], pods, share[here])
            else:
                count = measure.proposal(current[here], pods, load[here], backlog[here])
                valid = np.ones_like(count, dtype=np.bool_)
            better = valid & ((most[here] == 0) | (count > most[here]))
            most[here] = np.where(better, count, most[here])
            failed[here] += ~valid
        idle = (current == 0) & (self.min != 0)
        above, below = current > self.max, current < self.min
        blocked = (failed > 0) & ((failed == self.scaling.metrics) | (most < current))
        asked = ~(idle | above | below | blocked)
        limited = self.scaling.limited(step, current, np.maximum(0, most), asked)
        desired = np.where(asked, limited, np.where(above, self.max, np.where(below & ~idle, self.min, current)))
        self.scaling.record(step, current, desired)
        return desired
