"""The cheapest least replicas, most replicas and target that serve a part of the load."""

import math
from dataclasses import dataclass, replace

import numpy as np

from hpa import fleet
from hpa.load import Load
from hpa.problem import HpaError
from hpa.simulation import Model
from hpa.spec import Autoscaler, Controller, Metric
from hpa.workload import Workload

# In percent of what a pod can use at most.
UTILIZATIONS = (2, 3, 4, 5, 6, 7, 8, 9, *range(10, 95, 5))
FACTORS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)


@dataclass(frozen=True)
class Suggestion:
    """`target` as Metric.amount: percent for Utilization, else thousandths. `level` in percent of the load."""

    min: int
    max: int
    target: int
    level: float
    pod_hours: float


def suggest(model: Model, load: Load, controller: Controller, level: float) -> Suggestion:
    """The fewest pod-hours that serve `level` percent of the load. Raises HpaError for another `level`.

    Every least number of replicas (at most 16 of them, up to what the peak needs) is tried with every target of the
    first metric; the other metrics and the behaviour stay as they are. The most replicas are what was then used.
    """
    if not 0 < level <= 100:
        raise HpaError(f"--suggest {level:g}: write a percentage of the load, more than 0 and at most 100")
    candidates = _candidates(model, load)
    history = fleet.simulate(candidates, load, controller)
    levels, hours = history.service_level, history.pod_hours
    found = [
        Suggestion(
            min=candidate.autoscaler.min,
            max=int(history.replicas[:, column].max()),
            target=candidate.autoscaler.metrics[0].amount,
            level=float(levels[column]),
            pod_hours=float(hours[column]),
        )
        for column, candidate in enumerate(candidates)
    ]
    # As many as the peak needs serve all of it, so there is always one.
    enough = [entry for entry in found if entry.level >= level - 1e-9]
    return min(enough, key=lambda entry: (entry.pod_hours, entry.max))


def _candidates(model: Model, load: Load) -> list[Model]:
    peak = max(1, math.ceil(float(load.max()) / model.workload.capacity))
    least = sorted({max(1, round(value)) for value in np.geomspace(1, peak + 1, 16)})
    return [
        replace(model, autoscaler=_with(model.autoscaler, low, 4 * peak + 10, amount), replicas=max(low, 1))
        for low in least
        for amount in _amounts(model.autoscaler.metrics[0], model.workload)
    ]


def _amounts(metric: Metric, work: Workload) -> list[int]:
    if metric.target == "Utilization":
        # A pod may use more than it requests, up to its limit; targets near that say nothing of the load.
        most = 100 * work.limit / work.request
        return sorted(
            {percent for part in UTILIZATIONS if (percent := round(most * part / 100)) >= 20} | {metric.amount}
        )
    return sorted({max(1, round(metric.amount * factor)) for factor in FACTORS})


def _with(autoscaler: Autoscaler, low: int, high: int, amount: int) -> Autoscaler:
    first, *others = autoscaler.metrics
    return replace(autoscaler, min=low, max=high, metrics=(replace(first, amount=amount), *others))
