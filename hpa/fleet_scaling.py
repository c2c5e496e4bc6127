"""A fleet's windows and policies: what `scaling.limit` and `scaling.recorded` do, for many models at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from hpa.fleet_arrays import Flags, Floats, Ints
from hpa.integers import MAX_INT32, MIN_INT32
from hpa.simulation import LATE
from hpa.spec import DEFAULT_DOWN, DEFAULT_UP, Autoscaler, Controller, Policy, Rules


class Scaling:
    """The controllers' memory, one row of recommendations for each sync."""

    def __init__(self, autoscalers: Sequence[Autoscaler], controller: Controller, steps: int) -> None:
        period, flag = controller.sync_period, controller.downscale_stabilization
        behaviors = [autoscaler.behavior for autoscaler in autoscalers]
        self.min = np.array([autoscaler.min for autoscaler in autoscalers])
        self.max = np.array([autoscaler.max for autoscaler in autoscalers])
        self.metrics = np.array([len(autoscaler.metrics) for autoscaler in autoscalers])
        self.ruled = np.array([behavior is not None for behavior in behaviors])
        up = [b.up.window or 0 if b else 0 for b in behaviors]
        down = [controller.down_window(b.down) if b else flag for b in behaviors]
        self.first_up = np.array([window > 0 for window in up])
        self.first_down = np.array([window > 0 for window in down])
        # What happened exactly a window ago lies before it, as every sync is a little late.
        up_syncs, down_syncs = (
            [min(steps, max(0, math.ceil(window / period) - 1)) for window in side] for side in (up, down)
        )
        self.reach = max([1, *up_syncs, *down_syncs])
        ages = np.arange(self.reach, 0, -1)[:, None]
        self.out_of_up, self.out_of_down = ages > np.array(up_syncs), ages > np.array(down_syncs)
        self.looks_up = any(up)
        # Row `reach + step` is that of a sync; there is none before the first.
        shape = (self.reach + steps, len(autoscalers))
        self.highest, self.lowest = np.full(shape, MIN_INT32, np.int64), np.full(shape, MAX_INT32, np.int64)
        self.up = _Policies([b.up if b else DEFAULT_UP for b in behaviors], period)
        self.down = _Policies([b.down if b else DEFAULT_DOWN for b in behaviors], period)

    def limited(self, step: int, current: Ints, proposed: Ints, asked: Flags) -> Ints:
        """The desired replicas of the models that are `asked`; of the others, anything."""
        row = self.reach + step
        highest = np.where(self.out_of_down, MIN_INT32, self.highest[step:row]).max(axis=0)
        highest = np.maximum(proposed, highest)
        lowest = proposed
        if self.looks_up:
            lowest = np.minimum(proposed, np.where(self.out_of_up, MAX_INT32, self.lowest[step:row]).min(axis=0))
        self.highest[row], self.lowest[row] = np.where(asked, proposed, MIN_INT32), np.where(asked, proposed, MAX_INT32)
        if step == 0:
            # The first sync takes the replicas that it finds for a recommendation.
            self.highest[row], self.lowest[row] = (
                np.maximum(self.highest[row], current),
                np.minimum(self.lowest[row], current),
            )
            highest = np.where(self.first_down, np.maximum(highest, current), highest)
            lowest = np.where(self.first_up, np.minimum(lowest, current), lowest)
        stable = np.where(self.ruled, np.minimum(np.maximum(current, lowest), highest), highest)
        return np.where(self.ruled, self._within_policies(step, current, stable), self._within_fixed(current, stable))

    def _within_fixed(self, current: Ints, stable: Ints) -> Ints:
        most = np.minimum(self.max, np.maximum(2 * current, 4))
        return np.where(stable < self.min, self.min, np.minimum(stable, most))

    def _within_policies(self, step: int, current: Ints, stable: Ints) -> Ints:
        result = stable
        rising, falling = self.ruled & (stable > current), self.ruled & (stable < current)
        if (rising & ~self.up.disabled).any():
            fastest = np.maximum(current, self.up.limit(step, current, self.up, self.down, raising=True))
            result = np.where(rising, np.minimum(stable, np.minimum(self.max, fastest)), result)
        if (falling & ~self.down.disabled).any():
            fastest = np.minimum(current, self.down.limit(step, current, self.up, self.down, raising=False))
            result = np.where(falling, np.maximum(stable, np.maximum(self.min, fastest)), result)
        return np.where(rising & self.up.disabled | falling & self.down.disabled, current, result)

    def record(self, step: int, current: Ints, desired: Ints) -> None:
        change = np.where(self.ruled, desired - current, 0)
        if change.any():
            self.up.store(step, change)
            self.down.store(step, -change)


class _Policies:
    """One direction's policies, and the changes made in it: by slot (rows) and model (columns)."""

    def __init__(self, rules: Sequence[Rules], period: float) -> None:
        self.period = period
        self.disabled = np.array([entry.select == "Disabled" for entry in rules])
        self.smallest = np.array([entry.select == "Min" for entry in rules])
        self.longest = np.array([entry.longest_period for entry in rules])
        # A shorter list repeats its first policy, which changes neither the least nor the most.
        count = max(len(entry.policies) for entry in rules)
        filled = [[*entry.policies, *[entry.policies[0]] * (count - len(entry.policies))] for entry in rules]
        self.policies = [_Policy.of([column[place] for column in filled]) for place in range(count)]
        self.times = np.full((1, len(rules)), -np.inf)
        self.changes = np.zeros((1, len(rules)), np.int64)
        self.used = np.zeros(len(rules), np.int64)

    def limit(self, step: int, current: Ints, ups: "_Policies", downs: "_Policies", *, raising: bool) -> Floats:
        """The furthest that the policies allow. Origin: `scaling._fastest_up`, `scaling._fastest_down`."""
        now = step * (self.period + LATE)
        limits = []
        for policy in self.policies:
            cutoff: Floats = now - policy.period
            start: Ints = current - ups.within(cutoff) + downs.within(cutoff)
            limits.append(policy.raised(start) if raising else policy.lowered(start))
        table = np.stack(limits)
        chosen: Floats = np.where(self.smallest == raising, table.min(axis=0), table.max(axis=0))
        return chosen

    def within(self, cutoff: Floats) -> Ints:
        changes: Ints = np.where(self.times > cutoff, self.changes, 0).sum(axis=0)
        return changes

    def store(self, step: int, change: Ints) -> None:
        """`scaling._stored`: in the last slot that is outdated, else in a new one."""
        columns = np.flatnonzero(change > 0)
        if not len(columns):
            return
        now = step * (self.period + LATE)
        outdated = self.times[:, columns] < now - self.longest[columns]
        outdated &= np.arange(len(self.times))[:, None] < self.used[columns]
        last = len(self.times) - 1 - outdated[::-1].argmax(axis=0)
        fresh = ~outdated.any(axis=0)
        slot = np.where(fresh, self.used[columns], last)
        if slot.max() >= len(self.times):
            self.times = np.vstack([self.times, np.full_like(self.times[:1], -np.inf)])
            self.changes = np.vstack([self.changes, np.zeros_like(self.changes[:1])])
        self.used[columns] += fresh
        self.times[slot, columns], self.changes[slot, columns] = now, change[columns]


@dataclass(frozen=True)
class _Policy:
    """One policy of each model."""

    pods: Flags
    value: Ints
    period: Floats

    @classmethod
    def of(cls, policies: Sequence[Policy]) -> Self:
        return cls(
            pods=np.array([policy.kind == "Pods" for policy in policies]),
            value=np.array([policy.value for policy in policies]),
            period=np.array([float(policy.period) for policy in policies]),
        )

    def raised(self, start: Ints) -> Floats:
        return np.where(self.pods, start + self.value, np.ceil(start * (1 + self.value / 100)))

    def lowered(self, start: Ints) -> Floats:
        return np.where(self.pods, start - self.value, np.trunc(start * (1 - self.value / 100)))
