"""From the replicas that the metrics ask for to those that are set: stabilisation windows and policies.

The rules are those of `horizontal.go` in k8s.io/kubernetes v1.34.4, pkg/controller/podautoscaler; each function names
its origin. Times are seconds of one clock.
"""

from dataclasses import dataclass, replace
from typing import Literal

from hpa.integers import MAX_INT32, MIN_INT32, ceiling, wrapped
from hpa.spec import Autoscaler, Behavior, Controller, Policy, Rules

Reason = Literal[
    "DesiredWithinRange", "ScaleUpLimit", "TooManyReplicas", "ScaleDownLimit", "TooFewReplicas", "ScalingDisabled"
]


@dataclass(frozen=True)
class Recommendation:
    """What the metrics asked for, before any limit."""

    replicas: int
    time: float


@dataclass(frozen=True)
class Change:
    """Replicas added, or taken away."""

    replicas: int
    time: float


@dataclass(frozen=True)
class State:
    """What the controller keeps in memory of one autoscaler. The order of `ups` and `downs` is that of its slots."""

    recommendations: tuple[Recommendation, ...] = ()
    ups: tuple[Change, ...] = ()
    downs: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Limited:
    """Replicas after the windows (`stable`) and after the policies and bounds (`replicas`), and what bound them."""

    stable: int
    replicas: int
    reason: Reason


def limit(
    autoscaler: Autoscaler, controller: Controller, state: State, current: int, proposed: int, now: float
) -> tuple[Limited, State]:
    """`normalizeDesiredReplicas` and `normalizeDesiredReplicasWithBehaviors`."""
    behavior = autoscaler.behavior
    if behavior is None:
        stable, kept = _stabilized_by_flag(state.recommendations, controller.downscale_stabilization, proposed, now)
        replicas, reason = _within_fixed_limits(autoscaler, current, stable)
    else:
        stable, kept = _stabilized(state.recommendations, behavior, controller, current, proposed, now)
        replicas, reason = _within_policies(autoscaler, behavior, state, current, stable, now)
    return Limited(stable, replicas, reason), replace(state, recommendations=(*kept, Recommendation(proposed, now)))


def recorded(state: State, behavior: Behavior | None, before: int, after: int, now: float) -> State:
    """The state once the replicas were changed. Origin: `storeScaleEvent`."""
    if behavior is None:
        return state
    if after > before:
        return replace(state, ups=_stored(state.ups, Change(after - before, now), behavior.up.longest_period))
    return replace(state, downs=_stored(state.downs, Change(before - after, now), behavior.down.longest_period))


def _stored(changes: tuple[Change, ...], new: Change, longest_period: int) -> tuple[Change, ...]:
    # An outdated change keeps counting in the other direction's longer periods until its slot is taken,
    # so which slot is taken matters.
    for slot in reversed(range(len(changes))):
        if changes[slot].time < new.time - longest_period:
            return (*changes[:slot], new, *changes[slot + 1 :])
    return (*changes, new)


def _stabilized_by_flag(
    recommendations: tuple[Recommendation, ...], window: float, proposed: int, now: float
) -> tuple[int, tuple[Recommendation, ...]]:
    """`stabilizeRecommendation`: the highest of the window, and the recommendations worth keeping."""
    kept = tuple(entry for entry in recommendations if entry.time >= now - window)
    return max([proposed, *(entry.replicas for entry in kept)]), kept


def _stabilized(
    recommendations: tuple[Recommendation, ...],
    behavior: Behavior,
    controller: Controller,
    current: int,
    proposed: int,
    now: float,
) -> tuple[int, tuple[Recommendation, ...]]:
    """`stabilizeRecommendationWithBehaviors`: nearest to the current replicas between the windows' extremes."""
    up_cutoff = now - (behavior.up.window or 0)
    down_cutoff = now - controller.down_window(behavior.down)
    lowest = min([proposed, *(entry.replicas for entry in recommendations if entry.time > up_cutoff)])
    highest = max([proposed, *(entry.replicas for entry in recommendations if entry.time > down_cutoff)])
    kept = tuple(entry for entry in recommendations if entry.time >= min(up_cutoff, down_cutoff))
    return min(max(current, lowest), highest), kept


def _within_fixed_limits(autoscaler: Autoscaler, current: int, stable: int) -> tuple[int, Reason]:
    """`convertDesiredReplicasWithRules`: at most doubled, or four."""
    fastest = max(2 * current, 4)
    if stable < autoscaler.min:
        return autoscaler.min, "TooFewReplicas"
    if stable > min(autoscaler.max, fastest):
        return (fastest, "ScaleUpLimit") if autoscaler.max > fastest else (autoscaler.max, "TooManyReplicas")
    return stable, "DesiredWithinRange"


def _within_policies(
    autoscaler: Autoscaler, behavior: Behavior, state: State, current: int, stable: int, now: float
) -> tuple[int, Reason]:
    """`convertDesiredReplicasWithBehaviorRate`."""
    if stable > current:
        fastest = max(current, _fastest_up(behavior.up, state, current, now))
        if stable > min(autoscaler.max, fastest):
            return (fastest, "ScaleUpLimit") if autoscaler.max > fastest else (autoscaler.max, "TooManyReplicas")
    elif stable < current:
        fastest = min(current, _fastest_down(behavior.down, state, current, now))
        if stable < max(autoscaler.min, fastest):
            return (fastest, "ScaleDownLimit") if autoscaler.min < fastest else (autoscaler.min, "TooFewReplicas")
    return stable, "DesiredWithinRange"


def _fastest_up(rules: Rules, state: State, current: int, now: float) -> int:
    """`calculateScaleUpLimitWithScalingRules`."""
    if rules.select == "Disabled":
        return current
    limits = [_raised(policy, _at_start(policy, state, current, now)) for policy in rules.policies]
    return min([MAX_INT32, *limits]) if rules.select == "Min" else max([MIN_INT32, *limits])


def _fastest_down(rules: Rules, state: State, current: int, now: float) -> int:
    """`calculateScaleDownLimitWithBehaviors`."""
    if rules.select == "Disabled":
        return current
    limits = [_lowered(policy, _at_start(policy, state, current, now)) for policy in rules.policies]
    return max([MIN_INT32, *limits]) if rules.select == "Min" else min([MAX_INT32, *limits])


def _at_start(policy: Policy, state: State, current: int, now: float) -> int:
    """Replicas at the start of the policy's period. Origin: `getReplicasChangePerPeriod`."""
    cutoff = now - policy.period
    added = sum(change.replicas for change in state.ups if change.time > cutoff)
    removed = sum(change.replicas for change in state.downs if change.time > cutoff)
    return current - added + removed


def _raised(policy: Policy, start: int) -> int:
    return wrapped(start + policy.value) if policy.kind == "Pods" else ceiling(start * (1 + policy.value / 100))


def _lowered(policy: Policy, start: int) -> int:
    return start - policy.value if policy.kind == "Pods" else int(start * (1 - policy.value / 100))
