"""A fleet's pods: counts by age in syncs (rows, the newest first) and model (columns)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpa.fleet_arrays import Ints
from hpa.simulation import Model
from hpa.spec import Controller


def resized(cohorts: Ints, wanted: Ints) -> Ints:
    """The newest (first) are added to, and go first."""
    change: Ints = wanted - cohorts.sum(axis=0)
    if not change.any():
        return cohorts
    surplus = np.maximum(0, -change)
    newer = np.cumsum(cohorts, axis=0) - cohorts
    left: Ints = cohorts - np.minimum(cohorts, np.maximum(0, surplus - newer))
    left[0] += np.maximum(0, change)
    return left


def older(cohorts: Ints) -> Ints:
    result = np.empty_like(cohorts)
    result[0] = 0
    result[1:] = cohorts[:-1]
    result[-1] += cohorts[-1]
    return result


@dataclass(frozen=True)
class Groups:
    """Pods of a model: `groupPods` for cpu and for other metrics, each serving or not at the time of the metrics."""

    ready: Ints
    missing: Ints
    measured_serving: Ints
    measured_idle: Ints
    counted_serving: Ints
    counted_idle: Ints
    unready: Ints


class Ages:
    """What a pod is at each age in syncs (rows), for each model (columns). The last row stands for all older pods."""

    def __init__(self, models: Sequence[Model], controller: Controller) -> None:
        period = controller.sync_period
        works = [model.workload for model in models]
        startup, window = np.array([w.startup for w in works]), np.array([w.window for w in works])
        lag = np.array([math.ceil(w.lag / period) * period for w in works])
        longest = float((startup + window + lag).max())
        self.count = math.ceil(longest / period) + 3
        age = (np.arange(self.count) * period)[:, None]
        self.ready = age >= startup
        missing = age - lag < window
        serving = age - lag - period >= startup
        # A pod that is not ready never was, so its last transition is its start, within the initial delay.
        unready = np.where(
            age < controller.cpu_initialization,
            ~self.ready | (age - lag < startup + window),
            ~self.ready & (controller.initial_readiness > 0),
        )
        unready &= ~missing
        measured, counted = ~missing, ~missing & ~unready
        self.masks = np.stack(
            [
                self.ready,
                missing,
                measured & serving,
                measured & ~serving,
                counted & serving,
                counted & ~serving,
                unready,
            ]
        ).astype(np.int64)

    def groups(self, cohorts: Ints) -> Groups:
        return Groups(*np.einsum("gam,am->gm", self.masks, cohorts))

    def serving(self, cohorts: Ints) -> Ints:
        counts: Ints = np.where(self.ready, cohorts, 0).sum(axis=0)
        return counts
