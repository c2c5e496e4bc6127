"""The cheapest least replicas, most replicas and target that serve a part of the load."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpa import fleet
from hpa.load import Load
from hpa.problem import HpaError
from hpa.simulation import MOST_PODS, Model
from hpa.spec import Controller, Metric
from hpa.workload import Workload

# Of the first grid: how many values each setting has at most, while the whole stays below so many syncs.
VALUES, SYNCS = 14, 3_000_000
# The best of the grid, from which the search goes on in ever smaller steps.
STARTS, ROUNDS = 16, 12
STEPS = (1, 2, 4, 8)
PERCENTS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Setting:
    """`target` as Metric.amount: percent for Utilization, else thousandths."""

    min: int
    max: int
    target: int


@dataclass(frozen=True)
class Suggestion(Setting):
    """A setting with what it comes to. `level` in percent of the load."""

    level: float
    pod_hours: float


def suggest(model: Model, load: Load, controller: Controller, level: float, *, replicas: int | None) -> Suggestion:
    """The fewest pod-hours that serve `level` percent of the load. Raises HpaError.

    A grid of least and most replicas and of the first metric's target is tried, then what lies around its best, until
    nothing near is cheaper; the other metrics and the behaviour stay as they are. It begins with `replicas`, or with
    the least of each setting.
    """
    if not 0 < level <= 100:
        raise HpaError(f"--suggest {level:g}: write a percentage of the load, more than 0 and at most 100")
    if not fleet.possible(model):
        raise HpaError("--suggest looks at the load alone: leave out what happens besides it")
    search = _Search(model, load, controller, replicas)
    peak = min(MOST_PODS // 4, max(1, math.ceil(float(load.max()) / model.workload.capacity)))
    search.run(_grid(model, peak, len(load)))
    for _ in range(ROUNDS):
        best = search.best(level)[:STARTS]
        if not search.run(near for entry in best for near in _near(entry, model.autoscaler.min)):
            break
        if search.best(level)[:1] == best[:1] and best:
            break
    found = search.best(level)
    if not found:
        most = max(search.tried.values(), key=lambda entry: entry.level)
        raise HpaError(f"--suggest {level:g}: at most {most.level:.3f} % is served, with min {most.min}")
    return found[0]


class _Search:
    """What was tried, and what it came to."""

    def __init__(self, model: Model, load: Load, controller: Controller, replicas: int | None) -> None:
        self.model, self.load, self.controller, self.replicas = model, load, controller, replicas
        self.tried: dict[Setting, Suggestion] = {}

    def run(self, settings: Iterable[Setting]) -> bool:
        """Try the new ones; whether there was any."""
        new = [setting for setting in dict.fromkeys(settings) if setting not in self.tried]
        if not new:
            return False
        history = fleet.simulate([self._model(setting) for setting in new], self.load, self.controller)
        levels, hours = history.service_level, history.pod_hours
        for column, setting in enumerate(new):
            # As many as were ever used are enough, and do the same.
            used = max(setting.min, self.replicas or 0, int(history.replicas[:, column].max()))
            most = min(setting.max, used)
            self.tried[setting] = Suggestion(
                setting.min, most, setting.target, float(levels[column]), float(hours[column])
            )
        return True

    def best(self, level: float) -> list[Suggestion]:
        """The cheapest first; of equals, those that serve more."""
        enough = [entry for entry in self.tried.values() if entry.level >= level - 1e-9]
        return sorted(enough, key=lambda entry: (round(entry.pod_hours, 9), -entry.level, entry.target))

    def _model(self, setting: Setting) -> Model:
        first, *others = self.model.autoscaler.metrics
        metrics = (replace(first, amount=setting.target), *others)
        autoscaler = replace(self.model.autoscaler, min=setting.min, max=setting.max, metrics=metrics)
        return replace(
            self.model, autoscaler=autoscaler, replicas=setting.min if self.replicas is None else self.replicas
        )


def _grid(model: Model, peak: int, syncs: int) -> Iterator[Setting]:
    values = VALUES
    while values > 4 and values * values / 2 * 3 * values * syncs > SYNCS:
        values -= 1
    least, most = _spread(1, peak + 1, values), [*_spread(1, peak + 2, values), 2 * peak + 8]
    if model.autoscaler.min == 0:
        least = [0, *least]
    amounts = _amounts(model.autoscaler.metrics[0], model.workload, 3 * values)
    return (Setting(low, high, amount) for low in least for high in most if low <= high for amount in amounts)


def _near(entry: Setting, declared: int) -> Iterator[Setting]:
    """What differs a little, in one setting or in two."""
    lowest = 0 if declared == 0 else 1
    lows = [entry.min + step * sign for step in STEPS for sign in (-1, 1)]
    highs = [entry.max + step * sign for step in STEPS for sign in (-1, 1)]
    targets = [entry.target + max(1, entry.target * p // 100) * sign for p in PERCENTS for sign in (-1, 1)]
    pairs = [
        *((low, entry.max, entry.target) for low in lows),
        *((entry.min, high, entry.target) for high in highs),
        *((low, entry.max, target) for low in lows[:4] for target in [*targets, entry.target]),
        *((entry.min, high, target) for high in [*highs[:4], entry.max] for target in targets),
    ]
    return (Setting(*pair) for pair in pairs if lowest <= pair[0] <= pair[1] and pair[1] >= 1 and pair[2] >= 1)


def _spread(low: int, high: int, count: int) -> list[int]:
    """At most about `count` whole numbers, closer together where they are small."""
    if high - low < count:
        return list(range(low, high + 1))
    return sorted({round(value) for value in np.geomspace(low, high, count)})


def _amounts(metric: Metric, work: Workload, count: int) -> Sequence[int]:
    """Targets up to what a pod can use at most, and around the one that is declared."""
    declared = {max(1, round(metric.amount * factor)) for factor in np.geomspace(0.2, 5, 9)} | {metric.amount}
    if not metric.of_pods and metric.target != "AverageValue":
        return sorted(declared)
    if not metric.of_pods:
        most = 1000 * work.capacity
    else:
        most = work.base(metric) + work.slope(metric) * work.capacity
        if metric.target == "Utilization":
            most = 100 * most / max(1, work.requested(metric))
    fifths = range(5, min(100, int(most)) + 1, 5) if metric.target == "Utilization" else range(0)
    whole = {max(1, round(most * part)) for part in np.linspace(0.02, 0.98, count)}
    return sorted({amount for amount in {*whole, *fifths, *declared} if amount <= 2**31 - 1})
