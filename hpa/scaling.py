"""From the replicas that the metrics ask for to those that are set: stabilisation windows and policies.

The rules are those of `horizontal.go` in k8s.io/kubernetes v1.34.4, pkg/controller/podautoscaler; each function names
its origin. Times are seconds of one clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from hpa.integers import MAX_INT32, MIN_INT32, ceiling, int32, truncated
from hpa.spec import Autoscaler, Behavior, Controller, Policy, Rules

Reason = Literal[
    "DesiredWithinRange", "ScaleUpLimit", "TooManyReplicas", "ScaleDownLimit", "TooFewReplicas", "ScalingDisabled"
]

Entry = TypeVar("Entry")

# Where there is no behavior, replicas grow to so many times as many at once, or to so many.
GROWTH, LEAST_GROWTH = 2.0, 4.0


@dataclass(frozen=True)
class Recommendation:
    """What the metrics asked for, before any limit."""

    replicas: int
    time: float


@dataclass(frozen=True)
class Change:
    """Replicas added, or taken away. Once `outdated`, it stays so, and the next change takes its place."""

    replicas: int
    time: float
    outdated: bool = False


@dataclass(frozen=True)
class State:
    """What the controller keeps in memory of one autoscaler, in the order of its slots.

    Nothing is dropped: what is too old keeps its slot until a new entry takes it, and counts again if a window grows.
    """

    recommendations: tuple[Recommendation, ...] = ()
    ups: tuple[Change, ...] = ()
    downs: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Limited:
    """Replicas after the windows (`stable`) and after the policies and bounds (`replicas`), and what bound them.

    `fastest` is as far as the policies let it go; `held` is the recommendation that a window holds it at.
    """

    stable: int
    replicas: int
    reason: Reason
    fastest: int | None = None
    held: Recommendation | None = None


def limit(
    autoscaler: Autoscaler, controller: Controller, state: State, current: int, proposed: int, now: float
) -> tuple[Limited, State]:
    """`normalizeDesiredReplicas` and `normalizeDesiredReplicasWithBehaviors`."""
    behavior = autoscaler.behavior
    fastest: int | None
    if behavior is None:
        stable, kept = stabilized_by_flag(state.recommendations, controller.downscale_stabilization, proposed, now)
        replicas, reason, fastest = within_fixed_limits(autoscaler, current, stable)
    else:
        stable, kept = stabilized(state.recommendations, behavior, controller, current, proposed, now)
        replicas, reason, fastest = within_policies(autoscaler, behavior, state, current, stable, now)
    held = None
    if stable != proposed:
        held = max((entry for entry in kept if entry.replicas == stable), key=lambda entry: entry.time, default=None)
    return Limited(stable, replicas, reason, fastest, held), replace(state, recommendations=kept)


def recorded(state: State, behavior: Behavior | None, before: int, after: int, now: float) -> State:
    """The state once the replicas were changed. Origin: `storeScaleEvent`."""
    if behavior is None:
        return state
    if after > before:
        change = Change(int32(after - before), now)
        return replace(state, ups=_stored(state.ups, change, behavior.up.longest_period))
    change = Change(int32(before - after), now)
    return replace(state, downs=_stored(state.downs, change, behavior.down.longest_period))


def _stored(changes: tuple[Change, ...], new: Change, longest_period: int) -> tuple[Change, ...]:
    # An outdated change keeps counting in the other direction's longer periods until its slot is taken,
    # so which slot is taken matters.
    marked = tuple(
        replace(change, outdated=True) if change.time < new.time - longest_period else change for change in changes
    )
    return _in_last_slot(marked, new, lambda change: change.outdated)


def _in_last_slot(entries: tuple[Entry, ...], new: Entry, free: Callable[[Entry], bool]) -> tuple[Entry, ...]:
    """In place of the last entry that is `free`, or else at the end."""
    for slot in reversed(range(len(entries))):
        if free(entries[slot]):
            return (*entries[:slot], new, *entries[slot + 1 :])
    return (*entries, new)


def stabilized_by_flag(
    recommendations: tuple[Recommendation, ...], window: float, proposed: int, now: float
) -> tuple[int, tuple[Recommendation, ...]]:
    """`stabilizeRecommendation`: the highest of the window, and the recommendations with the new one."""
    cutoff = now - window
    highest = max([proposed, *(entry.replicas for entry in recommendations if entry.time >= cutoff)])
    new = Recommendation(proposed, now)
    return highest, _in_last_slot(recommendations, new, lambda entry: entry.time < cutoff)


def stabilized(
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
    new, cutoff = Recommendation(proposed, now), min(up_cutoff, down_cutoff)
    return min(max(current, lowest), highest), _in_last_slot(recommendations, new, lambda entry: entry.time < cutoff)


def within_fixed_limits(autoscaler: Autoscaler, current: int, stable: int) -> tuple[int, Reason, int]:
    """`convertDesiredReplicasWithRules`: at most doubled, or four."""
    fastest = truncated(max(GROWTH * current, LEAST_GROWTH))
    if stable < autoscaler.min:
        return autoscaler.min, "TooFewReplicas", fastest
    if stable > min(autoscaler.max, fastest):
        limited: tuple[int, Reason] = (
            (fastest, "ScaleUpLimit") if autoscaler.max > fastest else (autoscaler.max, "TooManyReplicas")
        )
        return *limited, fastest
    return stable, "DesiredWithinRange", fastest


def within_policies(
    autoscaler: Autoscaler, behavior: Behavior, state: State, current: int, stable: int, now: float
) -> tuple[int, Reason, int | None]:
    """`convertDesiredReplicasWithBehaviorRate`."""
    if stable > current:
        fastest = max(current, fastest_up(behavior.up, state, current, now))
        if stable > min(autoscaler.max, fastest):
            bounded = autoscaler.max <= fastest
            return (autoscaler.max, "TooManyReplicas", fastest) if bounded else (fastest, "ScaleUpLimit", fastest)
        return stable, "DesiredWithinRange", fastest
    if stable < current:
        fastest = min(current, fastest_down(behavior.down, state, current, now))
        if stable < max(autoscaler.min, fastest):
            bounded = autoscaler.min >= fastest
            return (autoscaler.min, "TooFewReplicas", fastest) if bounded else (fastest, "ScaleDownLimit", fastest)
        return stable, "DesiredWithinRange", fastest
    return stable, "DesiredWithinRange", None


def fastest_up(rules: Rules, state: State, current: int, now: float) -> int:
    """`calculateScaleUpLimitWithScalingRules`."""
    if rules.select == "Disabled":
        return current
    limits = [_raised(policy, _at_start(policy, state, current, now)) for policy in rules.policies]
    return min([MAX_INT32, *limits]) if rules.select == "Min" else max([MIN_INT32, *limits])


def fastest_down(rules: Rules, state: State, current: int, now: float) -> int:
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
    return int32(current - added + removed)


def _raised(policy: Policy, start: int) -> int:
    return int32(start + policy.value) if policy.kind == "Pods" else ceiling(start * (1 + policy.value / 100))


def _lowered(policy: Policy, start: int) -> int:
    return int32(start - policy.value) if policy.kind == "Pods" else truncated(start * (1 - policy.value / 100))
